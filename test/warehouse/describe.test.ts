import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { withWarehouse } from './folder.ts';

const values = [
  ['true', '1::tinyint', '1::utinyint', '1::smallint', '1::usmallint', '1', '1::uinteger'],
  ['1::bigint', '1::ubigint', '1::hugeint', '1::uhugeint', '1::float', '1::double', '1.25'],
  ['1::decimal(38,10)', `'a'`, `'a'::blob`, `date '2026-01-01'`, `time '10:00'`, 'null'],
  [`'10:00+01'::timetz`, `timestamp '2026-01-01'`, `'2026-01-01'::timestamptz`, 'uuid()'],
  [`'2026-01-01'::timestamp_s`, `'2026-01-01'::timestamp_ms`, `'2026-01-01'::timestamp_ns`],
  [
    'interval 1 day',
    `'{}'::json`,
    `'{}'::json[]`,
    `'101'::bit`,
    '[1]',
    `{'a b': 1}`,
    '[1, 2]::int[2]',
  ],
  [`map {'a': 1}`, `'a'::enum ('a', 'b')`, 'union_value(a := 1)'],
].flat();

const selects = [
  ...values.map((value) => `select ${value} as x`),
  `select ${values.map((value, index) => `${value} as c${index}`).join(', ')}`,
  'select 1 as a, 2 as A',
  'select * from (select 1 as a, 2 as A) as t',
  'select 1 + 1, count(*)',
  'select 1 as "order by", 2 as "a ""b"""',
  '(select 1 as a) union all select 2.5',
  '-- said first\nselect 1 as a',
  '/* said first */ select 1 as a',
  'with x as (select 1 as q) select * from x',
  'values (1, 2)',
  'from range(3)',
];

describe('the columns of a query', () => {
  test('are those that the warehouse itself describes, whatever their types and names', async () => {
    await withWarehouse(async (warehouse) => {
      await using bound = await warehouse.openShadow('bind');
      for (const text of selects) {
        const rows = await warehouse.query<{ column_name: string; column_type: string }>(
          sql.raw(`describe ${text}`),
        );
        const told = rows.map((row) => [row.column_name, row.column_type]);
        for (const session of [warehouse, bound]) {
          const found = await session.describeQuery(sql.raw(text));
          expect(found.map(({ name, typeName }) => [name, typeName])).toEqual(told);
        }
      }
    });
  });

  test.each([
    'create table t (a integer)',
    'insert into t values (1)',
    'show tables',
    'describe select 1',
    'explain select 1',
    'select 1; select 2',
    'select ? as a',
    'select a from nowhere',
    'select',
  ])('are not told of %s, which is no query that could be read', async (text) => {
    await withWarehouse(async (warehouse) => {
      await using bound = await warehouse.openShadow('bind');
      for (const session of [warehouse, bound]) {
        await expect(session.describeQuery(sql.raw(text))).rejects.toMatchObject({
          code: expect.any(String),
        });
      }
    });
  });

  test('with values are told by their types', async () => {
    await withWarehouse(async (warehouse) => {
      const found = await warehouse.describeQuery(sql`select ${7} as n, ${'x'} as text`);
      expect(found.map(({ type }) => type)).toEqual(['integer', 'string']);
    });
  });
});
