import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunResult } from '../../engine/run/run-plan.ts';
import { dbtFolder, troubles } from './dbt-project.ts';

const statuses = (result: RunResult) =>
  Object.fromEntries(result.steps.map(({ id, status }) => [id.split('.').at(-1), status]));

test('a model that names a table without ref or source binds, and is built at every run', async () => {
  const shop = dbtFolder({
    'models/total.sql':
      "{{ config(materialized='table') }} with t as (select n from {{ this.schema }}.numbers) select sum(n) as n from t",
    'models/after.sql':
      "{{ config(materialized='table') }} select n + 1 as n from {{ ref('total') }}",
    'models/plain.sql': "{{ config(materialized='table') }} select 1 as id",
    'tests/some.sql': 'select 1 from main.numbers where n is null',
  });
  await shop.run('create table numbers as select 1 as n');
  expect(troubles(await shop.build())).toEqual([]);
  await shop.run('insert into numbers values (4)');
  expect(statuses(await shop.build())).toMatchObject({ total: 'success', plain: 'reused' });
  expect(await shop.rows('select n from after')).toEqual([{ n: 6 }]);
});

test('a table that a node of the project makes may be named so too, by whoever comes later', async () => {
  const shop = dbtFolder({
    'seeds/base.csv': 'id\n1\n2\n',
    'models/copy.sql': "{{ config(materialized='table') }} select * from main.base",
  });
  await shop.build({ select: ['base'] });
  expect(troubles(await shop.build())).toEqual([]);
  appendFileSync(join(shop.folder, 'seeds/base.csv'), '3\n');
  await shop.build();
  await shop.build();
  expect(await shop.rows('select count(*) as n from copy')).toEqual([{ n: 3 }]);
});

test('without reuse all that is meant is built, as for a table that somebody changed by hand', async () => {
  const shop = dbtFolder({
    'models/a.sql': "{{ config(materialized='table') }} select 1 as id",
    'models/b.sql': `{{ config(materialized='incremental', unique_key='id') }}
      select id from {{ ref('a') }} {% if is_incremental() %} where id > 1 {% endif %}`,
  });
  await shop.build();
  await shop.run('insert into a values (2)');
  expect(statuses(await shop.build())).toEqual({ a: 'reused', b: 'reused' });
  await shop.build({ select: ['b'], withoutReuse: true });
  expect(await shop.rows('select id from b order by id')).toEqual([{ id: 1 }, { id: 2 }]);
});

test('a table that is nowhere is told at its place, unless a hook may still make it', async () => {
  const lost = dbtFolder({ 'models/a.sql': 'select 1 as id\nfrom main.nowhere' });
  expect(troubles(await lost.build())[0]).toContain('models/a.sql:2:11 does not bind');
  const hooked = dbtFolder({
    'dbt_project.yml': "name: shop\non-run-start: ['create table if not exists log (id int)']\n",
    'models/a.sql': "{{ config(materialized='table') }} select id from log",
    'models/b.sql':
      "{{ config(pre_hook='create or replace table mine as select 2 as n') }}select n from mine",
    'models/c.sql': "select * from {{ ref('b') }}",
  });
  expect(troubles(await hooked.build())).toEqual([]);
  expect(await hooked.rows('select n from c')).toEqual([{ n: 2 }]);
});

test('a function that a hook makes is called, and whoever calls it follows it', async () => {
  const lost = dbtFolder({ 'models/a.sql': 'select 1 as id,\ntwice(2) as n' });
  const [trouble] = troubles(await lost.build());
  expect(trouble).toMatch(/models\/a\.sql:2:1 does not bind: .*twice does not exist/);
  const hook = (factor: number) =>
    `name: shop\non-run-start: 'create or replace macro times(x) as x * ${factor}'\n`;
  const shop = dbtFolder({
    'dbt_project.yml': hook(2),
    'models/a.sql': "{{ config(materialized='table') }} select times(3) as n",
    'models/b.sql': "{{ config(materialized='table') }} select n + 1 as n from {{ ref('a') }}",
    'models/c.sql': "{{ config(materialized='table') }} select 1 as n",
  });
  expect(troubles(await shop.build())).toEqual([]);
  expect(await shop.rows('select n from b')).toEqual([{ n: 7 }]);
  writeFileSync(join(shop.folder, 'dbt_project.yml'), hook(3));
  const again = await shop.build();
  expect(troubles(again)).toEqual([]);
  expect(statuses(again)).toMatchObject({ a: 'success', b: 'success', c: 'reused' });
  expect(await shop.rows('select n from b')).toEqual([{ n: 10 }]);
});

test('a model that reads files is built at every run, with the columns they have then', async () => {
  const shop = dbtFolder({
    'models/called.sql':
      "{{ config(materialized='table') }} select * from read_csv('{{ var(\"file\") }}')",
    'models/named.sql': "{{ config(materialized='table') }} select * from '{{ var(\"file\") }}'",
    'models/daily.sql':
      "{{ config(materialized='table', refresh_every='24h') }} select * from '{{ var(\"file\") }}'",
  });
  const file = join(shop.folder, 'orders.csv');
  const more = { vars: { file } };
  writeFileSync(file, 'id,n\n1,2\n');
  expect(troubles(await shop.build({}, more))).toEqual([]);
  writeFileSync(file, 'id,n,total\n1,2,3\n');
  const again = await shop.build({}, more);
  expect(troubles(again)).toEqual([]);
  expect(statuses(again)).toEqual({ called: 'success', named: 'success', daily: 'reused' });
  expect(await shop.rows('select total from called union all select total from named')).toEqual([
    { total: 3 },
    { total: 3 },
  ]);
});

test('a name that hides among declared ones, or a view of the warehouse, is found as well', async () => {
  const table = "{{ config(materialized='table') }}";
  const shop = dbtFolder({
    'models/orders.sql': `${table} select 1 as id`,
    'models/first.sql': `${table} select o.id from {{ ref('orders') }} as o, legacy.orders as l`,
    'models/second.sql': `${table} select l.id from {{ ref('orders') }} as o, legacy.orders as l`,
    'models/system.sql': `${table} select count(*) as n from duckdb_schemas`,
    'models/quoted.sql': `${table} select id from "legacy"."Odd ""name"""`,
    'models/plain.sql': `${table} select id as orders from {{ ref('orders') }}`,
  });
  await shop.run('create schema legacy');
  await shop.run('create table legacy.orders as select 7 as id');
  await shop.run('create table legacy."Odd ""name""" as select 8 as id');
  expect(troubles(await shop.build())).toEqual([]);
  expect(statuses(await shop.build())).toEqual({
    orders: 'reused',
    plain: 'reused',
    first: 'success',
    second: 'success',
    system: 'success',
    quoted: 'success',
  });
});
