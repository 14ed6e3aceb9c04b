import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { findVolatile } from '../../engine/declare/volatile-sql.ts';
import { openWorkbench } from '../materialize/workbench.ts';

test.each([
  ['select now()', 'now()'],
  ['select CURRENT_DATE', 'current_date'],
  ['select random ( )', 'random()'],
  ['select * from t tablesample 10%', 'tablesample'],
  ['select * from t using sample 3', 'using sample'],
  ['select 1 where x > current_timestamp - interval 1 day', 'current_timestamp'],
  ['select age(born) from t', 'age()'],
  ['select age(greatest(a, b)) from t', 'age()'],
  ["select * from read_csv('a.csv')", 'read_csv()'],
  ["select * from parquet_scan(['a', 'b'])", 'parquet_scan()'],
  ["select * from 'orders.csv'", "'orders.csv'"],
  ["select 1 from a left join 'x/*.parquet' as b using (id)", "'x/*.parquet'"],
  ['select * from "orders.csv"', '"orders.csv"'],
  ['select count(*) from information_schema.tables', 'information_schema'],
  ['select * from duckdb_tables()', 'duckdb_tables()'],
  ["select getenv('HOME')", 'getenv()'],
  ["select 1 where x > ago('1 day')", 'ago()'],
  ["select * from query_table('t')", 'query_table()'],
  ["select * from a join query('from t') on true", 'query()'],
])('%s answers differently another time, for %s', (sql, what) => {
  expect(findVolatile(sql)).toBe(what);
});

test.each([
  "select 'now()'",
  'select t.random, uuid from t',
  'select 1 -- now()',
  'select "current_date" from t',
  'select today from days',
  "select a is distinct from 'x.y' from t",
  'select age(ended, started) from t',
  'select age from people',
  'select sample from samples',
  'select * from "main"."orders"',
  'select read_at from t',
  "select 'a' from t join u on true",
  'select ago, histogram(a), query from t',
  'select * from query, summary',
])('%s does not', (sql) => {
  expect(findVolatile(sql)).toBeUndefined();
});

/** What a database is called does not change; the others are no columns of anybody's. */
const harmless =
  /^(current_(database|schemas?)|in_search_path|error|setseed|sleep_ms|stats|write_log|pg_get_\w+|format_type|get_block_size)$/;

test('what the warehouse itself says of its functions is known', async () => {
  await using bench = await openWorkbench();
  const found = await bench.warehouse.query<{ name: string; definition: string | null }>(sql`
    select distinct function_name as name, macro_definition as definition
    from duckdb_functions()
    where regexp_matches(function_name, '^[a-z]')
      and (macro_definition is not null or stability <> 'CONSISTENT')
      and function_type <> 'table_macro'`);
  const missed = found.filter(({ name, definition }) => {
    const isVolatile = definition === null || findVolatile(`select ${definition}`) !== undefined;
    return isVolatile && !harmless.test(name) && findVolatile(`select ${name}(1)`) === undefined;
  });
  expect(found.length).toBeGreaterThan(50);
  expect(missed.map(({ name }) => name)).toEqual([]);
});
