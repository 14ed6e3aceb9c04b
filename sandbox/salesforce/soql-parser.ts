import {
  type Comparison,
  type ConditionTree,
  type Literal,
  malformed,
  type Operator,
  type OrderItem,
  operators,
  type SelectItem,
  type SoqlQuery,
  unexpected,
} from './soql-tree.ts';

/** The longest statement Salesforce reads, and how deep its parentheses may go here. */
const soqlLengthMax = 100_000;
const depthMax = 100;

// A published parser was tried first; it loses one of three nested NOTs.
const tokenPattern =
  /\s*(?:('(?:[^'\\]|\\[\s\S])*')|(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d))|(\d{4}-\d\d-\d\d)|([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)|([a-z_][\w.]*(?::\d+)?)|(<=|>=|!=|<>|[=<>(),]))/iy;

interface Token {
  kind: 'string' | 'datetime' | 'date' | 'number' | 'word' | 'sign';
  text: string;
}

const kinds = ['string', 'datetime', 'date', 'number', 'word', 'sign'] as const;

function cut(soql: string): Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(tokenPattern);
  while (pattern.lastIndex < soql.length) {
    const from = pattern.lastIndex;
    const match = pattern.exec(soql);
    if (match === null) {
      const rest = soql.slice(from).trim();
      if (rest === '') break;
      throw rest.startsWith("'") ? malformed('line 1: unterminated string') : unexpected(rest[0]);
    }
    const at = match.slice(1).findIndex((group) => group !== undefined);
    tokens.push({ kind: kinds[at] ?? 'sign', text: match[at + 1] ?? '' });
  }
  return tokens;
}

/** Reads a statement. Throws MALFORMED_QUERY. */
export function parseSoql(soql: string): SoqlQuery {
  if (soql.length > soqlLengthMax) {
    throw malformed(`SOQL statements cannot be longer than ${soqlLengthMax} characters.`);
  }
  const reader = createReader(cut(soql));
  const query = readQuery(reader);
  if (reader.peek() !== undefined) throw unexpected(reader.peek()?.text);
  return query;
}

interface Reader {
  peek(ahead?: number): Token | undefined;
  next(): Token;
  /** Takes the word or sign if it comes next. */
  take(text: string): boolean;
  /** Whether this word or sign comes next. */
  sees(text: string): boolean;
  must(text: string): void;
  word(): string;
}

function createReader(tokens: readonly Token[]): Reader {
  let at = 0;
  const reader: Reader = {
    peek: (ahead = 0) => tokens[at + ahead],
    next() {
      const token = tokens[at];
      if (token === undefined) throw unexpected(undefined);
      at += 1;
      return token;
    },
    sees(text) {
      const token = tokens[at];
      return token !== undefined && token.kind !== 'string' && token.text.toUpperCase() === text;
    },
    take(text) {
      if (!reader.sees(text)) return false;
      at += 1;
      return true;
    },
    must(text) {
      if (!reader.take(text)) throw unexpected(tokens[at]?.text);
    },
    word() {
      const token = reader.next();
      if (token.kind !== 'word') throw unexpected(token.text);
      return token.text;
    },
  };
  return reader;
}

const clauses = ['WHERE', 'ORDER', 'GROUP', 'LIMIT', 'OFFSET', 'FOR', 'ALL', 'USING', 'WITH'];

function readQuery(reader: Reader): SoqlQuery {
  reader.must('SELECT');
  const select = readList(reader, readItem);
  reader.must('FROM');
  const object = reader.word();
  const isAlias = reader.peek()?.kind === 'word' && !clauses.some((word) => reader.sees(word));
  const alias = isAlias ? reader.word() : undefined;
  if (reader.take('USING')) {
    reader.must('SCOPE');
    if (reader.word().toLowerCase() !== 'everything') throw unsupported('USING SCOPE');
  }
  const where = reader.take('WHERE') ? readChain(reader, 0) : undefined;
  if (reader.take('WITH')) reader.must('SECURITY_ENFORCED');
  if (reader.sees('GROUP')) throw unsupported('GROUP BY');
  let orderBy: OrderItem[] = [];
  if (reader.take('ORDER')) {
    reader.must('BY');
    orderBy = readList(reader, readOrder);
  }
  const limit = reader.take('LIMIT') ? readCount(reader) : undefined;
  const offset = reader.take('OFFSET') ? readCount(reader) : undefined;
  if (reader.take('FOR')) reader.word();
  if (reader.sees('ALL')) throw malformed('ALL ROWS not allowed in this context');
  return { object, alias, select, where, orderBy, limit, offset };
}

function unsupported(what: string): Error {
  return malformed(`${what} is not supported by this sandbox`);
}

function readList<T>(reader: Reader, read: (reader: Reader) => T): T[] {
  const items = [read(reader)];
  while (reader.take(',')) items.push(read(reader));
  return items;
}

function readCount(reader: Reader): number {
  const token = reader.next();
  if (!/^\d+$/.test(token.text)) throw unexpected(token.text);
  return Number(token.text);
}

function readItem(reader: Reader): SelectItem {
  if (reader.take('(')) {
    for (let depth = 1; depth > 0; ) {
      const token = reader.next();
      if (token.text === '(') depth += 1;
      else if (token.text === ')') depth -= 1;
    }
    return { kind: 'children' };
  }
  const path = reader.word();
  if (path.toUpperCase() === 'TYPEOF' && reader.peek()?.kind === 'word')
    throw unsupported('TYPEOF');
  if (!reader.take('(')) return { kind: 'field', path };
  const parameter = reader.sees(')') ? '' : reader.word();
  reader.must(')');
  return { kind: 'function', name: path.toUpperCase(), parameter };
}

function readOrder(reader: Reader): OrderItem {
  const path = reader.word();
  if (reader.sees('(')) throw malformed('functions cannot be used in ORDER BY here');
  const isDescending = reader.take('DESC');
  if (!isDescending) reader.take('ASC');
  let nullsLast = false;
  if (reader.take('NULLS')) {
    nullsLast = reader.take('LAST');
    if (!nullsLast) reader.must('FIRST');
  }
  return { path, isDescending, nullsLast };
}

/** SOQL has no precedence: AND beside OR without parentheses is an error. */
function readChain(reader: Reader, depth: number): ConditionTree {
  if (depth > depthMax) throw malformed(`more than ${depthMax} levels of parentheses`);
  const first = readUnit(reader, depth);
  const isOr = reader.sees('OR');
  const parts = [first];
  while (reader.take(isOr ? 'OR' : 'AND')) parts.push(readUnit(reader, depth));
  if (parts.length === 1) return first;
  return { kind: isOr ? 'or' : 'and', parts };
}

function readUnit(reader: Reader, depth: number): ConditionTree {
  if (depth > depthMax) throw malformed(`more than ${depthMax} levels of parentheses`);
  if (reader.take('NOT')) return { kind: 'not', part: readUnit(reader, depth + 1) };
  if (reader.take('(')) {
    const tree = readChain(reader, depth + 1);
    reader.must(')');
    return tree;
  }
  return { kind: 'comparison', comparison: readComparison(reader) };
}

function readComparison(reader: Reader): Comparison {
  const path = reader.word();
  if (reader.sees('(')) throw malformed('functions cannot be used in WHERE here');
  const operator = readOperator(reader);
  if (operator === 'IN' || operator === 'NOT IN') {
    reader.must('(');
    if (reader.sees('SELECT')) {
      const inner = readQuery(reader);
      reader.must(')');
      return { path, operator, literals: [], inner };
    }
  } else if (operator === 'INCLUDES' || operator === 'EXCLUDES') reader.must('(');
  else return { path, operator, literals: [readValue(reader)] };
  const literals = readList(reader, readValue);
  reader.must(')');
  return { path, operator, literals };
}

function readOperator(reader: Reader): Operator {
  const text = reader.next().text.toUpperCase();
  if (text === '<>') return '!=';
  if (text === 'NOT') {
    reader.must('IN');
    return 'NOT IN';
  }
  const known: readonly Operator[] = [...operators, 'LIKE', 'IN', 'INCLUDES', 'EXCLUDES'];
  const operator = known.find((each) => each === text);
  if (operator === undefined) throw unexpected(text);
  return operator;
}

function readValue(reader: Reader): Literal {
  const { kind, text } = reader.next();
  switch (kind) {
    case 'sign':
      throw unexpected(text);
    case 'word': {
      const word = text.toUpperCase();
      if (word === 'NULL') return { type: 'null', text: word };
      if (word === 'TRUE' || word === 'FALSE') return { type: 'boolean', text: word };
      return { type: 'date_literal', text: word };
    }
    default:
      return { type: kind, text };
  }
}
