import { expect, test } from 'vitest';
import { findVolatile } from '../../engine/declare/volatile-sql.ts';

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
])('%s does not', (sql) => {
  expect(findVolatile(sql)).toBeUndefined();
});
