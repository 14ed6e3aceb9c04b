import { cpSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type DbtFolder, dbtFolder, troubles } from './dbt-project.ts';

const model = (config: string): string =>
  `{{ config(materialized='incremental', unique_key='n'${config}) }} select * from {{ ref('staged') }}`;

const files = {
  'models/s.yml': 'sources: [{name: raw, schema: main, tables: [{name: events}]}]',
  'models/staged.sql': "select * from {{ source('raw', 'events') }}",
  'models/unsaid.sql': model(''),
  'models/ignored.sql': model(", on_schema_change='ignore'"),
  'models/appended.sql': model(", on_schema_change='append_new_columns'"),
  'models/synced.sql': model(", on_schema_change='sync_all_columns'"),
  'models/failing.sql': model(", on_schema_change='fail'"),
  'models/after.sql': "select * from {{ ref('appended') }}",
};

async function held(project: DbtFolder, table: string): Promise<string> {
  const rows = await project.rows(`select to_json(t)::text as row from ${table} t order by n`);
  return rows.map(({ row }) => String(row).replaceAll('"', '')).join(' ');
}

test('on_schema_change says what becomes of a table when the columns of a source change', async () => {
  const project = dbtFolder(files);
  await project.run("create table events as select 1 as n, 'x' as gone");
  expect(troubles(await project.build())).toEqual([]);
  await project.run('drop table events');
  await project.run("create table events as select 2 as n, 'y' as late");
  const second = await project.build();
  expect(troubles(second).map((one) => one.replace(/:.*/s, ''))).toEqual([
    'model.shop.failing failed',
    'model.shop.ignored warn',
  ]);
  // Where nobody said what should happen, the table is what its source makes of it.
  expect(await held(project, 'unsaid')).toBe('{n:2,late:y}');
  expect(await held(project, 'ignored')).toBe('{n:1,gone:x} {n:2,gone:null}');
  expect(await held(project, 'appended')).toBe('{n:1,gone:x,late:null} {n:2,gone:null,late:y}');
  expect(await held(project, 'synced')).toBe('{n:1,late:null} {n:2,late:y}');
  expect(await held(project, 'failing')).toBe('{n:1,gone:x}');
  expect(await held(project, 'after')).toBe(await held(project, 'appended'));
});

test('a changed text makes the table anew, unless full_refresh: false protects it', async () => {
  const text = (config: string, more: string): string =>
    `{{ config(materialized='incremental', unique_key='n', on_schema_change='append_new_columns'
      ${config}) }} select n${more} from {{ source('raw', 'events') }}`;
  const of = (more: string) => ({
    ...files,
    'models/open.sql': text('', more),
    'models/kept.sql': text(', full_refresh=false', more),
  });
  const project = dbtFolder(of(''));
  await project.run('create table events as select 1 as n');
  await project.build({ select: ['open', 'kept'] });
  await project.run('update events set n = 2');
  const edited = dbtFolder(of(", 'new' as word"));
  const { folder } = project;
  cpSync(`${edited.folder}/models`, `${folder}/models`, { recursive: true });
  expect(troubles(await project.build({ select: ['open', 'kept'] }))).toEqual([]);
  expect(await held(project, 'open')).toBe('{n:2,word:new}');
  expect(await held(project, 'kept')).toBe('{n:1,word:null} {n:2,word:new}');
  await project.build({ select: ['open', 'kept'], fullRefresh: true });
  expect(await held(project, 'kept')).toBe('{n:1,word:null} {n:2,word:new}');
});

test('what is added to is not made anew because its source was first made by the run', async () => {
  const project = dbtFolder({
    'dbt_project.yml': `name: shop
version: '1.0'
on-run-start: create table if not exists events as select 1 as n
`,
    'seeds/days.csv': 'n\n1\n',
    'models/s.yml': 'sources: [{name: raw, schema: main, tables: [{name: events}, {name: days}]}]',
    'models/staged.sql': "select * from {{ source('raw', 'events') }}",
    'models/of_hook.sql': model(''),
    'models/of_seed.sql': `-- depends_on: {{ ref('days') }}
      {{ config(materialized='incremental', unique_key='n') }} select * from {{ source('raw', 'days') }}`,
  });
  expect(troubles(await project.build())).toEqual([]);
  await project.run('update events set n = 2');
  await project.run('update days set n = 2');
  const second = await project.build();
  expect(troubles(second)).toEqual([]);
  // The source has lost its first row: what stands of it is all there is.
  expect(await held(project, 'of_hook')).toBe('{n:1} {n:2}');
  expect(await held(project, 'of_seed')).toBe('{n:1} {n:2}');
  await project.run('update events set n = 3');
  await project.build();
  expect(await held(project, 'of_hook')).toBe('{n:1} {n:2} {n:3}');
});
