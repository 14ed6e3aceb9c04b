import type { RawBuilder } from 'kysely';
import type { Row, Session } from '../words/warehouse.ts';
import { dateValue, utcOffset } from './date-value.ts';
import { encodeJson } from './jinja/json-text.ts';
import {
  HostFunction,
  HostObject,
  type JinjaValue,
  PyDict,
  PyFloat,
  PyTuple,
} from './jinja/values.ts';

/** What a template may read at once: its rows become values in this process. */
export const queryRowsMax = 500_000;

/** What a template may do to the warehouse while it is rendered: ask. */
export async function queryForTemplate(session: Session, text: string): Promise<HostObject> {
  // Loaded here: few templates ask the warehouse.
  const { sql } = await import('kysely');
  const statement: RawBuilder<unknown> = sql.raw(text);
  const rows = await session.query(statement, queryRowsMax);
  const names =
    rows[0] === undefined
      ? (await session.describeQuery(statement)).map((column) => column.name)
      : Object.keys(rows[0]);
  const isTime = (value: unknown): boolean => typeof value === 'string' && timeLike.test(value);
  // A day and a text that looks like one are told apart by their columns' types.
  const types = rows.some((row) => Object.values(row).some(isTime))
    ? new Map(
        (await session.describeQuery(statement)).map(({ name, typeName }) => [name, typeName]),
      )
    : undefined;
  return tableValue(names, rows, types);
}

/** How the warehouse's driver writes a day and a moment. */
const timeLike = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}\.(\d{3,6})Z)?$/;

/** `datetime.date` and `datetime.datetime`, as dbt's driver answers. */
function toTime(text: string, typeName: string): JinjaValue | undefined {
  const found = timeLike.exec(text);
  if (!found) return undefined;
  if (/^date$/i.test(typeName)) return dateValue(Date.parse(text), { isDate: true });
  if (!/^timestamp/i.test(typeName)) return undefined;
  const timeMs = Date.parse(`${text.slice(0, 19)}Z`) + Number(`0.${found[2] ?? 0}`) * 1_000;
  const isZoned = /with time zone|timestamptz/i.test(typeName);
  return dateValue(timeMs, { isDate: false, ...(isZoned ? { zone: utcOffset } : {}) });
}

/** A result as dbt's templates know it: agate's table, as far as they use it. */
export function tableValue(
  names: readonly string[],
  rows: readonly Row[],
  types?: ReadonlyMap<string, string>,
): HostObject {
  const tuples = rows.map(
    (row) =>
      new PyTuple(
        names.map((name) => toTemplate(row[name], types?.get(name))),
        names,
      ),
  );
  const records = tuples.map((tuple) => rowValue(tuple, names));
  const columns = names.map((name, index) =>
    columnValue(
      name,
      tuples.map((tuple) => tuple.items[index] ?? null),
    ),
  );
  const byName = namedSequence('TableColumns', columns, names);
  return new HostObject({
    typeName: 'Table',
    text: () => `<Table ${names.join(', ')}; ${rows.length} rows>`,
    attribute: (name) => {
      switch (name) {
        case 'rows':
          return records;
        case 'columns':
          return byName;
        case 'column_names':
          return new PyTuple([...names]);
        case 'print_table':
          return new HostFunction(name, () => null);
        default:
          return undefined;
      }
    },
    item: (key) => (typeof key === 'number' ? records[key] : undefined),
    iterate: () => records,
    length: () => rows.length,
    isTrue: () => true,
  });
}

/** One row: by position, by name, and in order. */
function rowValue(tuple: PyTuple, names: readonly string[]): HostObject {
  const entries = (): [JinjaValue, JinjaValue][] =>
    names.map((name, index) => [name, tuple.items[index] ?? null]);
  const find = (key: JinjaValue): JinjaValue | undefined => {
    const index = typeof key === 'number' ? key : names.indexOf(String(key));
    return tuple.items.at(index < 0 && typeof key !== 'number' ? names.length : index);
  };
  const methods: Record<string, () => JinjaValue> = {
    values: () => tuple,
    keys: () => new PyTuple([...names]),
    dict: () => PyDict.from(entries()),
    items: () => entries().map((entry) => new PyTuple(entry)),
  };
  return new HostObject({
    typeName: 'Row',
    text: () => `<Row ${names.join(', ')}>`,
    attribute: (name) => {
      const method = methods[name];
      if (method) return new HostFunction(name, method);
      if (name === 'get') {
        return new HostFunction(name, (args) => find(args[0] ?? null) ?? args[1] ?? null);
      }
      return find(name);
    },
    item: find,
    iterate: () => tuple.items,
    sequence: () => tuple.items,
    length: () => tuple.items.length,
  });
}

function columnValue(name: string, values: readonly JinjaValue[]): HostObject {
  return new HostObject({
    typeName: 'Column',
    text: () => `<Column ${name}>`,
    attribute: (attribute) => {
      if (attribute === 'name') return name;
      if (attribute === 'values') return new HostFunction('values', () => new PyTuple(values));
      return undefined;
    },
    item: (key) => (typeof key === 'number' ? values.at(key) : undefined),
    iterate: () => values,
    sequence: () => values,
    length: () => values.length,
  });
}

function namedSequence(
  typeName: string,
  items: readonly JinjaValue[],
  names: readonly string[],
): HostObject {
  const find = (key: JinjaValue): JinjaValue | undefined =>
    typeof key === 'number' ? items.at(key) : items[names.indexOf(String(key))];
  const methods: Record<string, () => JinjaValue> = {
    keys: () => new PyTuple([...names]),
    values: () => new PyTuple(items),
    items: () => names.map((name, index) => new PyTuple([name, items[index] ?? null])),
    dict: () => PyDict.from(names.map((name, index) => [name, items[index] ?? null])),
  };
  return new HostObject({
    typeName,
    text: () => `<${typeName} ${names.join(', ')}>`,
    attribute: (name) => {
      const method = methods[name];
      return method ? new HostFunction(name, method) : find(name);
    },
    item: find,
    iterate: () => items,
    sequence: () => items,
    length: () => items.length,
  });
}

/** A driver's value as Python would hold it. */
function toTemplate(value: unknown, typeName?: string): JinjaValue {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' && typeName !== undefined) return toTime(value, typeName) ?? value;
  if (typeof value === 'number') return Number.isInteger(value) ? value : new PyFloat(value);
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint') {
    return value;
  }
  // As in dbt's tables, lists and structs are texts of JSON.
  return isNested(value) ? encodeJson(toNested(value)) : String(value);
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && !(value instanceof Uint8Array);
}

function toNested(value: unknown): JinjaValue {
  if (Array.isArray(value)) return value.map(toNested);
  if (value === null || !isNested(value)) return toTemplate(value);
  return PyDict.from(Object.entries(value).map(([key, item]) => [key, toNested(item)]));
}
