import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { externalOf } from '../../engine/declare/external-source.ts';
import { dbtFolder, troubles } from './dbt-project.ts';

const named = { name: 'orders', identifier: 'orders_v2', schema: 'lake' };

test.each([
  ["'data/{name}.csv'", undefined, "'data/orders.csv'"],
  ['data/{schema}/{identifier}.parquet', undefined, "'data/lake/orders_v2.parquet'"],
  [
    "read_csv('{name}.csv', columns={{'id': 'int'}})",
    'newstyle',
    "read_csv('orders.csv', columns={'id': 'int'})",
  ],
  ['%(name)s.csv', 'oldstyle', "'orders.csv'"],
  ['${name}/$region.csv', 'template', "'orders/north.csv'"],
])('the location %s is filled in as %s says', (location, formatter, expected) => {
  const meta = {
    external_location: location,
    region: 'north',
    ...(formatter ? { formatter } : {}),
  };
  expect(externalOf(named, meta, {})).toBe(expected);
  expect(externalOf(named, undefined, { meta })).toBe(expected);
  expect(externalOf(named, undefined, meta)).toBe(expected);
});

test('a source of files is read where a model names it, anew at every run, and tested', async () => {
  const shop = dbtFolder({
    'models/orders.sql':
      "{{ config(materialized='table') }} select id from {{ source('lake', 'orders') }}",
    'models/s.yml': `sources:
  - name: lake
    config: {meta: {external_location: "{name}.csv"}}
    tables: [{name: orders, columns: [{name: id, data_tests: [unique]}]}]
unit_tests:
  - name: u
    model: orders
    given:
      - input: source('lake', 'orders')
        rows: [{id: 7}]
    expect: {rows: [{id: 7}]}`,
  });
  const file = join(shop.folder, 'orders.csv');
  writeFileSync(file, 'id,n\n1,2\n');
  expect(troubles(await shop.build())).toEqual([]);
  writeFileSync(file, 'id,n\n1,2\n2,2\n2,2\n');
  const [trouble = '', ...others] = troubles(await shop.build());
  expect(others).toEqual([]);
  expect(trouble).toContain('source_unique_lake_orders_id');
  expect(await shop.rows('select count(*) as n from orders')).toEqual([{ n: 3 }]);
  expect(await shop.rows("select count(*) as n from read_csv('*.csv')")).toEqual([{ n: 3 }]);
});
