import { expect, test } from 'vitest';
import { dbtFolder, troubles, twoTargets } from './dbt-project.ts';

const table = "{{ config(materialized='table') }}\n";

/*
 * In production: a run looks at what stands once, and a person's hooks change it behind its back. A
 * build that takes the old view for true fails, or a table that is gone is reused.
 */
test('what a hook of the run drops is built again, though nothing has changed', async () => {
  const project = dbtFolder({
    'dbt_project.yml': 'name: shop\non-run-start: "drop table if exists main.a"\n',
    'models/a.sql': `${table}select 1 as id`,
    'models/b.sql': `${table}select id + 1 as id from {{ ref('a') }}`,
  });
  expect(troubles(await project.build())).toEqual([]);
  expect(troubles(await project.build())).toEqual([]);
  expect(await project.rows('select a.id, b.id as next from a, b')).toEqual([{ id: 1, next: 2 }]);
});

test('what a hook of a model makes under the name of the next is replaced by it', async () => {
  const project = dbtFolder({
    'models/a.sql':
      "{{ config(materialized='table', post_hook='create view main.b as select 0 as id') }}\nselect 1 as id",
    'models/b.sql': `${table}select id + 1 as id from {{ ref('a') }}`,
  });
  expect(troubles(await project.build())).toEqual([]);
  expect(await project.rows('select id from b')).toEqual([{ id: 2 }]);
});

test('a schema that one model of a run needs is made for it, and is there for the next', async () => {
  const project = dbtFolder({
    'models/a.sql': "{{ config(materialized='table', schema='mart') }}\nselect 1 as id",
    'models/b.sql':
      "{{ config(materialized='view', schema='mart') }}\nselect id from {{ ref('a') }}",
    'models/c.sql': "{{ config(schema='other') }}\nselect id from {{ ref('b') }}",
  });
  expect(troubles(await project.build())).toEqual([]);
  expect(await project.rows('select id from main_other.c')).toEqual([{ id: 1 }]);
});

test('copies that a killed run left are swept away by the builds of the next', async () => {
  const project = dbtFolder({
    'models/a.sql': `${table}select 1 as id`,
    'models/b.sql': "{{ config(materialized='view') }}\nselect id from {{ ref('a') }}",
  });
  await project.run('create table main.a__tidemill_next as select 7 as old');
  await project.run('create view main.b__tidemill_next as select 7 as old');
  expect(troubles(await project.build())).toEqual([]);
  const left = "select table_name from information_schema.tables where table_name like '%_next'";
  expect(await project.rows(left)).toEqual([]);
});

test('a model whose name was built in another case takes its place', async () => {
  const project = dbtFolder({ 'models/a.sql': `${table}select 1 as id` });
  await project.run('create table main."A" as select 7 as old');
  expect(troubles(await project.build())).toEqual([]);
  expect(await project.rows('select * from main.a')).toEqual([{ id: 1 }]);
});

test('each target of one warehouse remembers what it built itself', async () => {
  const project = dbtFolder({
    'dbt_project.yml': 'name: shop\nprofile: shop\n',
    'profiles.yml': twoTargets,
    'models/s.yml': 'sources: [{name: raw, schema: main, tables: [{name: events}]}]',
    'models/kept.sql': `{{ config(materialized='incremental', unique_key='n') }}
      select n from {{ source('raw', 'events') }}`,
    'models/once.sql': `${table}select 1 as id`,
    'models/after.sql': `${table}select count(*) as rows from {{ ref('once') }}`,
  });
  const build = async (target: string): Promise<string[]> => {
    const { steps } = await project.build({}, { target });
    return steps.map(({ id, status }) => `${id.replace('model.shop.', '')} ${status}`).toSorted();
  };
  await project.run('create table events as select 1 as n');
  const all = ['after success', 'kept success', 'once success'];
  expect(await build('dev')).toEqual(all);
  expect(await build('prod')).toEqual(all);
  await project.run('update events set n = 2');
  for (const target of ['dev', 'prod']) {
    expect(await build(target)).toEqual(['after reused', 'kept success', 'once reused']);
    expect(await project.rows(`select n from ${target}.kept order by n`)).toEqual([
      { n: 1 },
      { n: 2 },
    ]);
  }
});
