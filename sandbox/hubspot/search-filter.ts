import type { ObjectDefinition } from './catalog.ts';
import { refuseInput } from './error-reply.ts';
import type { PropertyDefinition } from './property.ts';
import type { SqlValue } from './store.ts';
import { columnOf } from './table-shape.ts';
import { parseInstant } from './value-check.ts';

const searchOperators = [
  'EQ',
  'NEQ',
  'LT',
  'LTE',
  'GT',
  'GTE',
  'BETWEEN',
  'IN',
  'NOT_IN',
  'HAS_PROPERTY',
  'NOT_HAS_PROPERTY',
  'CONTAINS_TOKEN',
  'NOT_CONTAINS_TOKEN',
] as const;
export type SearchOperator = (typeof searchOperators)[number];

export interface SearchFilter {
  propertyName?: unknown;
  operator?: unknown;
  value?: unknown;
  highValue?: unknown;
  values?: unknown;
}

export interface Condition {
  sql: string;
  values: SqlValue[];
}

/** How a property compares: stamps and ids as integers, numbers as numbers, the rest as text. */
type Comparison = 'instant' | 'id' | 'number' | 'datetime' | 'date' | 'options' | 'exact' | 'text';

const comparisons = { LT: '<', LTE: '<=', GT: '>', GTE: '>=' } as const;
const inValuesMax = 100;

/** One filter as SQL. Null never matches a comparison, the negative ones included. */
export function compileFilter(object: ObjectDefinition, filter: SearchFilter): Condition {
  const property = readProperty(object, filter);
  const operator = searchOperators.find((known) => known === filter.operator);
  if (operator === undefined) {
    throw refuseInput(
      `Invalid input JSON: ${JSON.stringify(filter.operator)} is not an operator; use ${searchOperators.join(', ')}`,
    );
  }
  const column = columnOf(object, property.name);
  if (operator === 'HAS_PROPERTY') return { sql: `${column} is not null`, values: [] };
  if (operator === 'NOT_HAS_PROPERTY') return { sql: `${column} is null`, values: [] };
  const kind = comparisonOf(column, property);
  const one = (raw: unknown): SqlValue => readValue(property, kind, operator, raw);
  const left = leftSide(column, kind);
  const hole = kind === 'text' ? 'lower(?)' : '?';
  switch (operator) {
    case 'EQ':
      return equality(kind, column, [one(filter.value)], true);
    case 'NEQ':
      return negate(column, equality(kind, column, [one(filter.value)], true));
    case 'IN':
      return equality(kind, column, readList(filter).map(one), false);
    case 'NOT_IN':
      return negate(column, equality(kind, column, readList(filter).map(one), false));
    case 'BETWEEN':
      return {
        sql: `${left} between ${hole} and ${hole}`,
        values: [one(filter.value), one(filter.highValue)],
      };
    case 'LT':
    case 'LTE':
    case 'GT':
    case 'GTE':
      return { sql: `${left} ${comparisons[operator]} ${hole}`, values: [one(filter.value)] };
    case 'CONTAINS_TOKEN':
      return { sql: `holds_token(${column}, ?)`, values: [readText(property, filter.value)] };
    case 'NOT_CONTAINS_TOKEN': {
      const values = [readText(property, filter.value)];
      return { sql: `${column} is not null and not holds_token(${column}, ?)`, values };
    }
  }
}

export function readProperty(object: ObjectDefinition, filter: SearchFilter): PropertyDefinition {
  const name = filter.propertyName;
  const property = typeof name === 'string' ? object.properties.get(name) : undefined;
  if (property !== undefined && !property.archived) return property;
  throw refuseInput(
    `There was a problem with the request. Property ${String(name)} does not exist`,
  );
}

function comparisonOf(column: string, property: PropertyDefinition): Comparison {
  if (column === 'id') return 'id';
  if (column === 'created_ms' || column === 'modified_ms') return 'instant';
  switch (property.type) {
    case 'number':
      return 'number';
    case 'datetime':
      return 'datetime';
    case 'date':
      return 'date';
    case 'enumeration':
      return property.fieldType === 'checkbox' ? 'options' : 'exact';
    case 'bool':
      return 'exact';
    default:
      return 'text';
  }
}

function leftSide(column: string, kind: Comparison): string {
  if (kind === 'number') return `cast(${column} as real)`;
  return kind === 'text' ? `lower(${column})` : column;
}

function equality(
  kind: Comparison,
  column: string,
  values: SqlValue[],
  isLowered: boolean,
): Condition {
  // Text ignores case, but the values of IN must come in lower case, as HubSpot documents.
  const holes = values.map(() => (kind === 'text' && isLowered ? 'lower(?)' : '?')).join(', ');
  if (kind === 'options') {
    const each = values.map(() => `instr(';' || ${column} || ';', ';' || ? || ';') > 0`);
    return { sql: `(${each.join(' or ')})`, values };
  }
  // Addresses are stored in lower case, so that the unique index answers.
  const left = column === '"p_email"' ? column : leftSide(column, kind);
  return { sql: values.length === 1 ? `${left} = ${holes}` : `${left} in (${holes})`, values };
}

function negate(column: string, condition: Condition): Condition {
  return { sql: `(${column} is not null and not ${condition.sql})`, values: condition.values };
}

function readList(filter: SearchFilter): unknown[] {
  const { values } = filter;
  if (Array.isArray(values) && values.length > 0 && values.length <= inValuesMax) return values;
  const name = String(filter.propertyName);
  throw refuseInput(
    `operator ${String(filter.operator)} on ${name} requires 1 to ${inValuesMax} values`,
  );
}

function readText(property: PropertyDefinition, raw: unknown): string {
  if (typeof raw === 'string' && raw.trim() !== '') return raw;
  throw refuseInput(`${property.name} CONTAINS_TOKEN requires a value`);
}

function readValue(
  property: PropertyDefinition,
  kind: Comparison,
  operator: SearchOperator,
  raw: unknown,
): SqlValue {
  if (!['string', 'number', 'boolean'].includes(typeof raw) || raw === '') {
    throw refuseInput(`operator ${operator} on ${property.name} requires a value`);
  }
  const value = String(raw);
  const wrong = () => refuseInput(`${value} is not a valid ${property.type} for ${property.name}`);
  switch (kind) {
    case 'instant':
    case 'datetime':
    case 'date': {
      const atMs = parseInstant(value);
      if (atMs === undefined) throw wrong();
      if (kind === 'instant') return atMs;
      const iso = new Date(atMs).toISOString();
      return kind === 'date' ? iso.slice(0, 10) : iso;
    }
    case 'id':
    case 'number': {
      const number = Number(value);
      if (value.trim() === '' || !Number.isFinite(number)) throw wrong();
      return number;
    }
    default:
      return value;
  }
}
