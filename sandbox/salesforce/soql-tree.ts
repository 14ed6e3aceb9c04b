import { ApiError } from './api-error.ts';

/** A SOQL statement as read, names still unresolved. */
export interface SoqlQuery {
  object: string;
  alias: string | undefined;
  select: readonly SelectItem[];
  where: ConditionTree | undefined;
  orderBy: readonly OrderItem[];
  limit: number | undefined;
  offset: number | undefined;
}

export type SelectItem =
  | { kind: 'field'; path: string }
  | { kind: 'function'; name: string; parameter: string }
  /** A query of children in parentheses; its text is passed over. */
  | { kind: 'children' };

export interface OrderItem {
  path: string;
  isDescending: boolean;
  nullsLast: boolean;
}

export type ConditionTree =
  | { kind: 'and' | 'or'; parts: readonly ConditionTree[] }
  | { kind: 'not'; part: ConditionTree }
  | { kind: 'comparison'; comparison: Comparison };

export const operators = ['=', '!=', '<', '<=', '>', '>='] as const;
export type Operator =
  | (typeof operators)[number]
  | 'LIKE'
  | 'IN'
  | 'NOT IN'
  | 'INCLUDES'
  | 'EXCLUDES';

export interface Comparison {
  path: string;
  operator: Operator;
  /** One value, or those of a list. */
  literals: readonly Literal[];
  /** `IN (SELECT …)`. */
  inner?: SoqlQuery;
}

export interface Literal {
  type: 'string' | 'number' | 'boolean' | 'null' | 'date' | 'datetime' | 'date_literal';
  /** As written; strings with their quotes. */
  text: string;
}

export function malformed(message: string): ApiError {
  return new ApiError(400, 'MALFORMED_QUERY', message);
}

export function unexpected(token: string | undefined): ApiError {
  return malformed(`unexpected token: '${token ?? '<EOF>'}'`);
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
