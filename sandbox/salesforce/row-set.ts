import type { Org } from './org.ts';
import type { CompiledQuery } from './soql.ts';
import { quote } from './store.ts';
import type { Stored } from './value.ts';

/**
 * The rows a query found, as SQLite row numbers in the query's order: eight bytes a row, so that
 * a million rows can wait for their pages. Membership and order stand still; values are read when
 * their page is.
 */
export interface RowSet {
  query: CompiledQuery;
  numbers: Float64Array;
  /** The store's count of erased rows at that time. */
  erased: number;
}

export function findRows(org: Org, query: CompiledQuery): RowSet {
  org.store.purge(query.object);
  const sql = `select q0_0._n as n from ${query.from} where ${query.where}${query.orderBy}${query.range}`;
  let numbers = new Float64Array(1024);
  let length = 0;
  for (const row of org.store.db.prepare(sql).iterate(...query.params)) {
    if (length === numbers.length) {
      const larger = new Float64Array(length * 2);
      larger.set(numbers);
      numbers = larger;
    }
    numbers[length] = row['n'] as number;
    length += 1;
  }
  return { query, numbers: numbers.slice(0, length), erased: org.store.erased(query.object) };
}

export function countRows(org: Org, query: CompiledQuery): number {
  org.store.purge(query.object);
  const inner = `select 1 from ${query.from} where ${query.where}${query.range}`;
  const row = org.store.db.prepare(`select count(*) as n from (${inner})`).get(...query.params);
  return row?.['n'] as number;
}

/** How many of these rows are still there: fewer only after some were erased for good. */
export function countPresent(org: Org, set: RowSet, from: number, to: number): number {
  if (org.store.erased(set.query.object) === set.erased) return to - from;
  const sql = `select count(*) as n from ${quote(set.query.object.name)} where _n in (select value from json_each(?))`;
  return org.store.prepare(sql).get(listNumbers(set, from, to))?.['n'] as number;
}

export function listNumbers(set: RowSet, from: number, to: number): string {
  return `[${set.numbers.subarray(from, to).join(',')}]`;
}

/** Reads expressions over some rows of the set, in its order. */
export function readRows(
  org: Org,
  set: RowSet,
  from: number,
  to: number,
  expressions: string,
): Record<string, Stored>[] {
  const sql = `select ${expressions} from json_each(?) j cross join ${set.query.from} where q0_0._n = j.value order by j.key`;
  return org.store.prepare(sql).all(listNumbers(set, from, to)) as Record<string, Stored>[];
}
