import type {
  Arguments,
  BinaryNode,
  CallNode,
  CompareNode,
  CompareOperator,
  Expression,
  FilterNode,
} from './ast.ts';
import { describeToken, type Token } from './token.ts';
import type { TokenStream } from './token-stream.ts';

export interface TupleOptions {
  /** Whether `a if b` may stand in the tuple; not so where `if` means something else. */
  readonly hasCondition?: boolean;
  /** A name that ends the tuple, such as `recursive`. */
  readonly endName?: string;
  readonly isParenthesized?: boolean;
}

/** One expression or, without brackets, several with commas between: a tuple. */
export function parseTuple(stream: TokenStream, options: TupleOptions = {}): Expression {
  const { at } = stream.current;
  const items: Expression[] = [];
  let isTuple = false;
  while (!isTupleEnd(stream, options.endName)) {
    items.push(options.hasCondition === false ? parseOr(stream) : parseExpression(stream));
    if (!stream.skipOperator(',')) break;
    isTuple = true;
  }
  const [first] = items;
  if (!isTuple && first !== undefined) return first;
  if (!isTuple && options.isParenthesized !== true) {
    stream.fail(`Expected an expression, got '${describeToken(stream.current)}'`);
  }
  return { kind: 'tuple', at, items };
}

function isTupleEnd(stream: TokenStream, endName: string | undefined): boolean {
  const { type } = stream.current;
  if (type === 'variable_end' || type === 'block_end' || stream.isOperator(')')) return true;
  return endName !== undefined && stream.isName(endName);
}

export function parseExpression(stream: TokenStream): Expression {
  return stream.nest(() => {
    let { at } = stream.current;
    let result = parseOr(stream);
    while (stream.skipName('if')) {
      const test = parseOr(stream);
      const otherwise = stream.skipName('else') ? parseExpression(stream) : null;
      result = { kind: 'condition', at, test, value: result, otherwise };
      at = stream.current.at;
    }
    return result;
  });
}

function parseOr(stream: TokenStream): Expression {
  let left = parseAnd(stream);
  while (stream.isName('or')) {
    const { at } = stream.next();
    left = { kind: 'or', at, left, right: parseAnd(stream) };
  }
  return left;
}

function parseAnd(stream: TokenStream): Expression {
  let left = parseNot(stream);
  while (stream.isName('and')) {
    const { at } = stream.next();
    left = { kind: 'and', at, left, right: parseNot(stream) };
  }
  return left;
}

function parseNot(stream: TokenStream): Expression {
  if (!stream.isName('not')) return parseCompare(stream);
  const { at } = stream.next();
  return { kind: 'not', at, target: stream.nest(() => parseNot(stream)) };
}

const compareSigns: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);

function parseCompare(stream: TokenStream): Expression {
  const first = parseSum(stream);
  const { at } = stream.current;
  const rest: CompareNode['rest'][number][] = [];
  for (;;) {
    const operator = readCompareOperator(stream);
    if (operator === undefined) break;
    rest.push({ operator, right: parseSum(stream) });
  }
  return rest.length === 0 ? first : { kind: 'compare', at, first, rest };
}

function readCompareOperator(stream: TokenStream): CompareOperator | undefined {
  const { current } = stream;
  if (current.type === 'operator' && compareSigns.has(current.value)) {
    const { value } = stream.next();
    if (value === '==' || value === '!=' || value === '<') return value;
    return value === '<=' || value === '>' ? value : '>=';
  }
  if (stream.skipName('in')) return 'in';
  if (!(stream.isName('not') && stream.isName('in', 1))) return undefined;
  stream.next();
  stream.next();
  return 'not in';
}

function parseSum(stream: TokenStream): Expression {
  let left = parseConcat(stream);
  while (stream.isOperator('+') || stream.isOperator('-')) {
    left = parseBinary(stream, left, parseConcat);
  }
  return left;
}

function parseBinary(
  stream: TokenStream,
  left: Expression,
  parseRight: (stream: TokenStream) => Expression,
): BinaryNode {
  const { at, value } = stream.next();
  const right = parseRight(stream);
  switch (value) {
    case '+':
    case '-':
    case '*':
    case '/':
    case '//':
    case '%':
    case '**':
      return { kind: 'binary', at, operator: value, left, right };
    default:
      return stream.fail(`unexpected '${value}'`, at);
  }
}

function parseConcat(stream: TokenStream): Expression {
  const first = parseProduct(stream);
  if (!stream.isOperator('~')) return first;
  const { at } = stream.current;
  const items = [first];
  while (stream.skipOperator('~')) items.push(parseProduct(stream));
  return { kind: 'concat', at, items };
}

const productSigns: ReadonlySet<string> = new Set(['*', '/', '//', '%']);

function parseProduct(stream: TokenStream): Expression {
  let left = parsePower(stream);
  while (stream.current.type === 'operator' && productSigns.has(stream.current.value)) {
    left = parseBinary(stream, left, parsePower);
  }
  return left;
}

function parsePower(stream: TokenStream): Expression {
  let left = parseUnary(stream);
  while (stream.isOperator('**')) left = parseBinary(stream, left, parseUnary);
  return left;
}

function parseUnary(stream: TokenStream, hasFilter = true): Expression {
  const node = parsePostfix(stream, parseSigned(stream));
  return hasFilter ? parseFilters(stream, node) : node;
}

function parseSigned(stream: TokenStream): Expression {
  const { at, type, value } = stream.current;
  if (type !== 'operator' || (value !== '-' && value !== '+')) return parsePrimary(stream);
  stream.next();
  return { kind: 'sign', at, sign: value, target: stream.nest(() => parseUnary(stream, false)) };
}

function parsePrimary(stream: TokenStream): Expression {
  const token = stream.current;
  switch (token.type) {
    case 'name':
      stream.next();
      return parseName(stream, token);
    case 'string':
      return parseStrings(stream);
    case 'integer':
      stream.next();
      return parseInteger(token);
    case 'float':
      stream.next();
      return { kind: 'float', at: token.at, digits: token.value };
    case 'operator':
      if (token.value === '(') {
        stream.next();
        const inner = stream.nest(() => parseTuple(stream, { isParenthesized: true }));
        stream.expectOperator(')');
        return inner;
      }
      if (token.value === '[') return parseList(stream);
      if (token.value === '{') return parseDict(stream);
      break;
    default:
      break;
  }
  return stream.fail(`unexpected '${describeToken(token)}'`);
}

function parseName(stream: TokenStream, token: Token): Expression {
  const { at, value } = token;
  if (value === 'true' || value === 'True') return { kind: 'literal', at, value: true };
  if (value === 'false' || value === 'False') return { kind: 'literal', at, value: false };
  if (value === 'none' || value === 'None') return { kind: 'literal', at, value: null };
  stream.noteRead(value);
  return { kind: 'name', at, name: value };
}

function parseStrings(stream: TokenStream): Expression {
  const { at } = stream.current;
  let value = '';
  while (stream.current.type === 'string') value += stream.next().value;
  return { kind: 'literal', at, value };
}

function parseInteger(token: Token): Expression {
  const big = BigInt(token.value);
  const small = Number(big);
  if (Number.isSafeInteger(small)) return { kind: 'literal', at: token.at, value: small };
  return { kind: 'bigint', at: token.at, digits: big.toString() };
}

function parseList(stream: TokenStream): Expression {
  const { at } = stream.expectOperator('[');
  const items: Expression[] = [];
  while (!stream.isOperator(']')) {
    items.push(parseExpression(stream));
    if (!stream.skipOperator(',')) break;
  }
  stream.expectOperator(']');
  return { kind: 'list', at, items };
}

function parseDict(stream: TokenStream): Expression {
  const { at } = stream.expectOperator('{');
  const pairs: { key: Expression; value: Expression }[] = [];
  while (!stream.isOperator('}')) {
    const key = parseExpression(stream);
    stream.expectOperator(':');
    pairs.push({ key, value: parseExpression(stream) });
    if (!stream.skipOperator(',')) break;
  }
  stream.expectOperator('}');
  return { kind: 'dict', at, pairs };
}

function parsePostfix(stream: TokenStream, start: Expression): Expression {
  let node = start;
  for (;;) {
    if (stream.isOperator('.')) node = parseDot(stream, node);
    else if (stream.isOperator('[')) node = parseSubscript(stream, node);
    else if (stream.isOperator('(')) node = parseCall(stream, node);
    else return node;
  }
}

function parseFilters(stream: TokenStream, start: Expression): Expression {
  let node = start;
  for (;;) {
    if (stream.skipOperator('|')) node = parseFilter(stream, node);
    else if (stream.isName('is')) node = parseTest(stream, node);
    else if (stream.isOperator('(')) node = parseCall(stream, node);
    else return node;
  }
}

function parseDot(stream: TokenStream, target: Expression): Expression {
  stream.next();
  const token = stream.next();
  if (token.type === 'name') return { kind: 'attribute', at: token.at, target, name: token.value };
  if (token.type !== 'integer') stream.fail('expected name or number', token.at);
  return { kind: 'item', at: token.at, target, key: parseInteger(token) };
}

function parseSubscript(stream: TokenStream, target: Expression): Expression {
  const { at } = stream.expectOperator('[');
  const isEmpty = stream.isOperator(':') || stream.isOperator(']');
  const start = isEmpty ? null : parseExpression(stream);
  if (!stream.isOperator(':')) return finishItem(stream, at, target, start);
  const parts: (Expression | null)[] = [];
  while (parts.length < 2 && stream.skipOperator(':')) {
    const isOpen = stream.isOperator(':') || stream.isOperator(']');
    parts.push(isOpen ? null : parseExpression(stream));
  }
  stream.expectOperator(']');
  const [stop = null, step = null] = parts;
  return { kind: 'slice', at, target, start, stop, step };
}

function finishItem(
  stream: TokenStream,
  at: number,
  target: Expression,
  first: Expression | null,
): Expression {
  const items = first === null ? [] : [first];
  while (first && stream.skipOperator(',')) items.push(parseExpression(stream));
  stream.expectOperator(']');
  const [only] = items;
  const key: Expression = only && items.length === 1 ? only : { kind: 'tuple', at, items };
  return { kind: 'item', at, target, key };
}

const noArguments: Arguments = {
  positional: [],
  named: [],
  spread: null,
  spreadNamed: null,
};

/** A call is placed where its callee starts: that is what a reader looks for. */
function parseCall(stream: TokenStream, callee: Expression): CallNode {
  return { kind: 'call', at: callee.at, callee, args: parseArguments(stream) };
}

function parseArguments(stream: TokenStream): Arguments {
  const { at } = stream.expectOperator('(');
  const positional: Expression[] = [];
  const named: Arguments['named'][number][] = [];
  let spread: Expression | null = null;
  let spreadNamed: Expression | null = null;
  const check = (isValid: boolean) => {
    if (!isValid) stream.fail('invalid syntax for function call expression', at);
  };
  while (!stream.isOperator(')')) {
    if (stream.skipOperator('*')) {
      check(spread === null && spreadNamed === null);
      spread = parseExpression(stream);
    } else if (stream.skipOperator('**')) {
      check(spreadNamed === null);
      spreadNamed = parseExpression(stream);
    } else if (isKeyword(stream)) {
      check(spreadNamed === null);
      const name = stream.next().value;
      stream.next();
      named.push({ name, value: parseExpression(stream) });
    } else {
      check(spread === null && spreadNamed === null && named.length === 0);
      positional.push(parseExpression(stream));
    }
    if (!stream.skipOperator(',')) break;
  }
  stream.expectOperator(')');
  return { positional, named, spread, spreadNamed };
}

function isKeyword(stream: TokenStream): boolean {
  const after = stream.peek(1);
  return stream.current.type === 'name' && after.type === 'operator' && after.value === '=';
}

function parseDottedName(stream: TokenStream): Token {
  const first = stream.expectName();
  let { value } = first;
  while (stream.skipOperator('.')) value += `.${stream.expectName().value}`;
  return { ...first, value };
}

/** A filter after its bar has been read. */
export function parseFilter(stream: TokenStream, target: Expression | null): FilterNode {
  const { at, value } = parseDottedName(stream);
  const args = stream.isOperator('(') ? parseArguments(stream) : noArguments;
  return { kind: 'filter', at, target, name: value, args };
}

function parseTest(stream: TokenStream, target: Expression): Expression {
  stream.next();
  const isNegated = stream.skipName('not');
  const { at, value: name } = parseDottedName(stream);
  let args = noArguments;
  if (stream.isOperator('(')) args = parseArguments(stream);
  else if (startsTestArgument(stream)) {
    if (stream.isName('is')) stream.fail('You cannot chain multiple tests with is');
    args = { ...noArguments, positional: [parsePostfix(stream, parsePrimary(stream))] };
  }
  const test: Expression = { kind: 'test', at, target, name, args };
  return isNegated ? { kind: 'not', at, target: test } : test;
}

function startsTestArgument(stream: TokenStream): boolean {
  const { type, value } = stream.current;
  if (type === 'string' || type === 'integer' || type === 'float') return true;
  if (type === 'operator') return value === '[' || value === '{';
  return type === 'name' && value !== 'else' && value !== 'or' && value !== 'and';
}
