import { ApiError } from './api-error.ts';
import { readDateLiteral } from './date-literal.ts';
import { isFilterable } from './describe.ts';
import { isId, toLongId } from './id.ts';
import type { Field } from './schema.ts';
import { type Column, isText, type Scope } from './soql-scope.ts';
import {
  type Comparison,
  type ConditionTree,
  type Literal,
  readLiteral,
  type SoqlQuery,
  unexpected,
} from './soql-tree.ts';
import { printStamp, readStamp, type Stored } from './value.ts';

/** A piece of SQL and the values of its holes, in order. */
export interface Clause {
  sql: string;
  params: Stored[];
}

export interface WhereContext {
  scope: Scope;
  nowMs: number;
  /** Compiles the query of a semi-join: `AccountId IN (SELECT Id FROM Account …)`. */
  compileInner(query: SoqlQuery): Clause;
}

/**
 * Translates a condition tree. SOQL knows only true and false: `!=` and NOT IN hold for null, and
 * NOT turns false into true; so below a NOT no comparison may yield SQL's null.
 */
export function compileTree(tree: ConditionTree, context: WhereContext, isNegated = false): Clause {
  if (tree.kind === 'comparison') return compileComparison(tree.comparison, context, isNegated);
  if (tree.kind === 'not') {
    const part = compileTree(tree.part, context, true);
    return { sql: `not (${part.sql})`, params: part.params };
  }
  const parts = tree.parts.map((part) => compileTree(part, context, isNegated));
  return {
    sql: `(${parts.map((part) => part.sql).join(` ${tree.kind} `)})`,
    params: parts.flatMap((part) => part.params),
  };
}

function compileComparison(
  comparison: Comparison,
  context: WhereContext,
  isNegated: boolean,
): Clause {
  const column = context.scope.resolve(comparison.path);
  if (!isFilterable(column.field)) {
    throw invalidField(`field '${column.field.name}' can not be filtered in a query call`);
  }
  const clause = compileOperator(comparison, column, context);
  return isNegated ? { sql: `coalesce(${clause.sql}, 0)`, params: clause.params } : clause;
}

function compileOperator(comparison: Comparison, column: Column, context: WhereContext): Clause {
  const left = column.comparable;
  const { operator, literals, inner } = comparison;
  if (inner !== undefined) {
    const { sql, params } = context.compileInner(inner);
    if (operator === 'IN') return { sql: `${left} in (${sql})`, params };
    return { sql: `(${left} is null or ${left} not in (${sql}))`, params };
  }
  switch (operator) {
    case 'IN':
    case 'NOT IN':
      return compileList(column, literals, context, operator === 'IN');
    case 'INCLUDES':
    case 'EXCLUDES':
      return compileMany(column, literals, operator === 'INCLUDES');
    case 'LIKE':
      return compileLike(column, literals);
    default: {
      const [literal] = literals;
      if (literal === undefined) throw unexpected(undefined);
      return compileOrder(column, operator, readOperand(column.field, literal, context.nowMs));
    }
  }
}

type Operand = { value: Stored } | { from: Stored; to: Stored };

function readOperand(field: Field, literal: Literal, nowMs: number): Operand {
  const { text, type } = literal;
  if (type === 'null') return { value: null };
  const wrong = (expected: string, quoted: boolean): ApiError =>
    invalidField(
      `value of filter criterion for field '${field.name}' must be of type ${expected} and should ${quoted ? '' : 'not '}be enclosed in quotes`,
    );
  switch (field.type) {
    case 'boolean':
      if (type !== 'boolean') throw wrong('boolean', false);
      return { value: text === 'TRUE' ? 1 : 0 };
    case 'int':
    case 'double':
    case 'currency':
    case 'percent':
      if (type !== 'number') throw wrong(field.type, false);
      return { value: Number(text) };
    case 'date':
      if (type === 'date') return { value: text };
      if (type === 'date_literal') return readRange(literal, nowMs, 10);
      throw wrong('date', false);
    case 'datetime': {
      if (type === 'date_literal') return readRange(literal, nowMs, 19);
      const stamp = type === 'datetime' ? readStamp(text) : undefined;
      if (stamp === undefined) throw wrong('dateTime', false);
      return { value: stamp };
    }
    case 'id':
    case 'reference':
      if (type !== 'string') throw wrong('reference', true);
      return { value: readIdLiteral(readLiteral(text)) };
    default:
      if (type !== 'string') throw wrong('string', true);
      return { value: readLiteral(text) || null };
  }
}

function readIdLiteral(text: string): Stored {
  if (text === '') return null;
  if (isId(text)) return toLongId(text);
  throw new ApiError(400, 'INVALID_QUERY_FILTER_OPERATOR', `invalid ID field: ${text}`);
}

function readRange(literal: Literal, nowMs: number, characters: number): Operand {
  const [name = '', n] = literal.text.split(':');
  const range = readDateLiteral(name, Number(n ?? 0), nowMs);
  if (range === undefined) throw unexpected(literal.text);
  return {
    from: printStamp(range.from).slice(0, characters),
    to: printStamp(range.to).slice(0, characters),
  };
}

function compileOrder(column: Column, operator: string, operand: Operand): Clause {
  const left = column.comparable;
  if ('from' in operand) {
    const { from, to } = operand;
    switch (operator) {
      case '=':
        return { sql: `(${left} >= ? and ${left} < ?)`, params: [from, to] };
      case '!=':
        return { sql: `(${left} is null or ${left} < ? or ${left} >= ?)`, params: [from, to] };
      case '<':
        return { sql: `${left} < ?`, params: [from] };
      case '>':
        return { sql: `${left} >= ?`, params: [to] };
      case '<=':
        return { sql: `${left} < ?`, params: [to] };
      default:
        return { sql: `${left} >= ?`, params: [from] };
    }
  }
  const { value } = operand;
  if (operator === '=') {
    return value === null
      ? { sql: `${left} is null`, params: [] }
      : { sql: `${left} = ?`, params: [value] };
  }
  if (operator === '!=') return { sql: `${left} is not ?`, params: [value] };
  if (column.field.type === 'boolean') throw invalidField('invalid operator on boolean field');
  return { sql: `${left} ${operator} ?`, params: [value] };
}

function compileList(
  column: Column,
  literals: readonly Literal[],
  context: WhereContext,
  isIn: boolean,
): Clause {
  const left = column.comparable;
  const values: Stored[] = [];
  const ranges: Clause[] = [];
  for (const literal of literals) {
    const operand = readOperand(column.field, literal, context.nowMs);
    if ('value' in operand) values.push(operand.value);
    else ranges.push(compileOrder(column, '=', operand));
  }
  const present = values.filter((value) => value !== null);
  // One hole for the whole list: there may be thousands of ids.
  const parts: Clause[] = [
    {
      sql: `${left} in (select value from json_each(?))`,
      params: [JSON.stringify(present)],
    },
    ...ranges,
  ];
  if (present.length < values.length) parts.push({ sql: `${left} is null`, params: [] });
  const sql = `(${parts.map((part) => part.sql).join(' or ')})`;
  const params = parts.flatMap((part) => part.params);
  return isIn ? { sql, params } : { sql: `not coalesce(${sql}, 0)`, params };
}

function compileMany(column: Column, literals: readonly Literal[], isIn: boolean): Clause {
  if (column.field.type !== 'multipicklist') {
    throw invalidField(`invalid operator on ${column.field.type} field`);
  }
  const params: Stored[] = [];
  const choices = literals.map((literal) => {
    const wanted = readLiteral(literal.text).split(';');
    params.push(...wanted.map((value) => `;${value};`));
    return wanted.map(() => `instr(';' || ${column.sql} || ';', ?) > 0`).join(' and ');
  });
  const sql = `coalesce((${choices.map((choice) => `(${choice})`).join(' or ')}), 0)`;
  return { sql: isIn ? sql : `not ${sql}`, params };
}

function compileLike(column: Column, literals: readonly Literal[]): Clause {
  const [literal] = literals;
  if (!isText(column.field) || literal === undefined || literal.type !== 'string') {
    throw invalidField(`invalid operator on ${column.field.type} field`);
  }
  const pattern = readLiteral(literal.text, true);
  return { sql: `${column.sql} like ? escape '\\'`, params: [pattern] };
}

function invalidField(message: string): ApiError {
  return new ApiError(400, 'INVALID_FIELD', message);
}
