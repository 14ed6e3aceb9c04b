import {
  type Condition,
  parseQuery,
  type Query,
  type ValueQueryCondition,
  type WhereClause,
} from '@jetstreamapp/soql-parser-js';
import { ApiError } from './api-error.ts';

/** The longest statement Salesforce reads. */
export const soqlLengthMax = 100_000;

export type Comparison = Condition | ValueQueryCondition;

/** A WHERE clause as a tree; the parser gives a flat chain with counts of parentheses. */
export type ConditionTree =
  | { kind: 'and' | 'or'; parts: readonly ConditionTree[] }
  | { kind: 'not'; part: ConditionTree }
  | { kind: 'comparison'; comparison: Comparison };

type Token = '(' | ')' | 'AND' | 'OR' | 'NOT' | { comparison: Comparison };

export function malformed(message: string): ApiError {
  return new ApiError(400, 'MALFORMED_QUERY', message);
}

export function parseSoql(soql: string): Query & { sObject: string } {
  if (soql.length > soqlLengthMax) {
    throw malformed(`SOQL statements cannot be longer than ${soqlLengthMax} characters.`);
  }
  let query: Query;
  try {
    query = parseQuery(soql);
  } catch (error) {
    throw malformed(error instanceof Error ? error.message : 'unexpected token');
  }
  if (query.sObject === undefined) throw malformed('unexpected token: expecting an object');
  return { ...query, sObject: query.sObject };
}

export function buildTree(where: WhereClause): ConditionTree {
  const tokens = [...flatten(where)];
  let at = 0;

  function readUnit(): ConditionTree {
    const token = tokens[at];
    at += 1;
    if (token === 'NOT') return { kind: 'not', part: readUnit() };
    if (token === '(') {
      const tree = readChain();
      if (tokens[at] !== ')') throw malformed("expecting a right parentheses, found 'EOF'");
      at += 1;
      return tree;
    }
    if (typeof token === 'object') return { kind: 'comparison', comparison: token.comparison };
    throw malformed(`unexpected token: '${token ?? '<EOF>'}'`);
  }

  function readChain(): ConditionTree {
    const parts = [readUnit()];
    const operator = tokens[at];
    while (tokens[at] === 'AND' || tokens[at] === 'OR') {
      // SOQL has no precedence: AND beside OR without parentheses is an error.
      if (tokens[at] !== operator) throw malformed(`unexpected token: '${String(tokens[at])}'`);
      at += 1;
      parts.push(readUnit());
    }
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) return only;
    return { kind: operator === 'OR' ? 'or' : 'and', parts };
  }

  const tree = readChain();
  if (at < tokens.length) throw malformed(`unexpected token: '${String(tokens[at])}'`);
  return tree;
}

function* flatten(where: WhereClause): Iterable<Token> {
  let node: WhereClause | undefined = where;
  while (node !== undefined) {
    const operator = 'operator' in node ? node.operator : undefined;
    const { left } = node;
    const opened = left !== null && 'openParen' in left ? (left.openParen ?? 0) : 0;
    for (let count = 0; count < opened; count += 1) yield '(';
    if (operator === 'NOT') yield 'NOT';
    else if (left !== null) {
      yield { comparison: left };
      const closed = 'closeParen' in left ? (left.closeParen ?? 0) : 0;
      for (let count = 0; count < closed; count += 1) yield ')';
      if (operator !== undefined) yield operator;
    }
    node = 'right' in node ? node.right : undefined;
  }
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };

/** The text a quoted SOQL literal stands for. With `like`, `\%` and `\_` stay escaped. */
export function readLiteral(quoted: string, like = false): string {
  const inner = quoted.slice(1, -1);
  let text = '';
  for (let at = 0; at < inner.length; at += 1) {
    const letter = inner.charAt(at);
    if (letter !== '\\') {
      text += letter;
      continue;
    }
    at += 1;
    const next = inner.charAt(at);
    if (next === 'u') {
      text += String.fromCharCode(Number.parseInt(inner.slice(at + 1, at + 5), 16));
      at += 4;
    } else if (like && (next === '%' || next === '_' || next === '\\')) text += `\\${next}`;
    else text += escapes[next.toLowerCase()] ?? next;
  }
  return text;
}
