import type { Target } from './ast.ts';
import { describeToken } from './token.ts';
import type { TokenStream } from './token-stream.ts';

const constants: ReadonlySet<string> = new Set(['true', 'false', 'none', 'True', 'False', 'None']);

/** What `set`, `for` and `with` assign to: a name, several, or an attribute of a namespace. */
export function parseTarget(stream: TokenStream, hasNamespace: boolean): Target {
  const { at } = stream.current;
  const items: Target[] = [];
  let isTuple = false;
  while (!isTargetEnd(stream)) {
    items.push(parseSingle(stream, hasNamespace));
    if (!stream.skipOperator(',')) break;
    isTuple = true;
  }
  const [first] = items;
  if (!isTuple && first !== undefined) return first;
  if (first === undefined) {
    stream.fail(`Expected an expression, got '${describeToken(stream.current)}'`);
  }
  return { kind: 'targets', at, items };
}

function isTargetEnd(stream: TokenStream): boolean {
  const { type } = stream.current;
  if (type === 'variable_end' || type === 'block_end') return true;
  return stream.isOperator(')') || stream.isOperator('=') || stream.isName('in');
}

export function parseSingle(stream: TokenStream, hasNamespace: boolean): Target {
  if (stream.skipOperator('(')) {
    const inner = stream.nest(() => parseTarget(stream, hasNamespace));
    stream.expectOperator(')');
    return inner;
  }
  const token = stream.current;
  if (token.type !== 'name') {
    stream.fail(`can't assign to '${describeToken(token)}'`, token.at, 'assign to a name');
  }
  return parseTargetName(stream, hasNamespace);
}

function parseTargetName(stream: TokenStream, hasNamespace: boolean): Target {
  const { at, value } = stream.next();
  if (constants.has(value)) stream.fail(`can't assign to '${value}'`, at);
  if (hasNamespace && stream.skipOperator('.')) {
    return { kind: 'namespace', at, name: value, attribute: stream.expectName().value };
  }
  stream.noteAssigned(value);
  return { kind: 'name', at, name: value };
}

/** A name alone: of a macro, a parameter or an import. */
export function parseNewName(stream: TokenStream): string {
  const { at, value } = stream.expectName();
  if (constants.has(value)) stream.fail(`can't assign to '${value}'`, at);
  return value;
}
