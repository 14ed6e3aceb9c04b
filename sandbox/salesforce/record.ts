import type { Org } from './org.ts';
import { type RowSet, readRows } from './row-set.ts';
import { addressParts, type CompiledQuery } from './soql.ts';
import type { Column } from './soql-scope.ts';
import { quote } from './store.ts';
import { printJson, type Stored } from './value.ts';

/** Rows of a set as REST prints them: typed values, parents nested. */
export function readRecords(
  org: Org,
  set: RowSet,
  from: number,
  to: number,
  base: string,
): object[] {
  const { query } = set;
  const expressions = ['q0_0."Id" as id'];
  for (const [at, column] of query.columns.entries()) {
    if (column.field.type === 'address') {
      for (const [part, sql] of addressSql(query, column))
        expressions.push(`${sql} as c${at}_${part}`);
    } else expressions.push(`${column.sql} as c${at}`);
    for (const [step, parent] of column.parents.entries()) {
      expressions.push(`${parent.idSql} as p${at}_${step}`);
    }
  }
  const rows = from < to ? readRows(org, set, from, to, expressions.join(', ')) : [];
  return rows.map((row) => printRecord(query, row, base));
}

function* addressSql(query: CompiledQuery, column: Column): Iterable<[string, string]> {
  // Addresses of parents are not offered; the column's own table prefixes its parts.
  const table = column.sql.slice(0, column.sql.lastIndexOf('."'));
  for (const [part, name] of addressParts(query.object, column.field.name)) {
    yield [part, `${table}.${quote(name)}`];
  }
}

function attributes(type: string, id: Stored | undefined, base: string): object {
  return { type, url: `${base}/sobjects/${type}/${String(id)}` };
}

function printRecord(query: CompiledQuery, row: Record<string, Stored>, base: string): object {
  const record: Record<string, unknown> = {
    attributes: attributes(query.object.name, row['id'], base),
  };
  for (const [at, column] of query.columns.entries()) {
    let target = record;
    let isMissing = false;
    for (const [step, parent] of column.parents.entries()) {
      const name = column.path[step] ?? '';
      const id = row[`p${at}_${step}`];
      if (id === null || id === undefined) {
        target[name] = null;
        isMissing = true;
        break;
      }
      target[name] ??= { attributes: attributes(parent.object, id, base) };
      target = target[name] as Record<string, unknown>;
    }
    if (isMissing) continue;
    target[column.field.name] =
      column.field.type === 'address'
        ? printAddress(query, column, row, at)
        : printJson(column.field, row[`c${at}`]);
  }
  return record;
}

function printAddress(
  query: CompiledQuery,
  column: Column,
  row: Record<string, Stored>,
  at: number,
): object | null {
  const address: Record<string, unknown> = {};
  let isEmpty = true;
  for (const part of addressParts(query.object, column.field.name).keys()) {
    const value = row[`c${at}_${part}`] ?? null;
    address[part] = value;
    if (value !== null) isEmpty = false;
  }
  if (isEmpty) return null;
  return { ...address, geocodeAccuracy: null, latitude: null, longitude: null };
}
