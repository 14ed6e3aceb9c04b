import { cpSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
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
    'model.shop.unsaid failed',
  ]);
  // Where nobody said what should happen, the table is what its source makes of it: once asked.
  expect(await held(project, 'unsaid')).toBe('{n:1,gone:x}');
  await project.build({ select: ['unsaid'], fullRefresh: true });
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
  expect(troubles(await project.build({ select: ['kept'] }))).toEqual([]);
  expect(await held(project, 'kept')).toBe('{n:1,word:null} {n:2,word:new}');
  await project.run('insert into events values (1)');
  expect(troubles(await project.build({ select: ['open', 'kept'] }))).toEqual([]);
  expect(await held(project, 'open')).toBe('{n:1,word:new} {n:2,word:new}');
  await project.run('delete from events where n = 1');
  await project.build({ select: ['open', 'kept'], fullRefresh: true });
  expect(await held(project, 'open')).toBe('{n:2,word:new}');
  expect(await held(project, 'kept')).toBe('{n:1,word:new} {n:2,word:new}');
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

describe('a table that is made anew though nobody asked for it', () => {
  const keyed = "{{ config(materialized='incremental', unique_key='n') }}";
  const added = "{{ config(materialized='incremental', incremental_strategy='append') }}";
  const batched = `{{ config(materialized='incremental', incremental_strategy='microbatch',
    event_time='day', begin='2025-12-30', batch_size='day') }}`;
  const textOf = (config: string, more = '') =>
    `${config} select n, day${more} from {{ source('raw', 'events') }}`;
  const project = (config: string) =>
    dbtFolder({ 'models/s.yml': files['models/s.yml'], 'models/kept.sql': textOf(config) });
  const edit = ({ folder }: DbtFolder, text: string) =>
    writeFileSync(`${folder}/models/kept.sql`, text);
  const fill =
    "create table events as select n, timestamp '2025-12-31' as day from range(1, 4) t(n)";

  test.each([
    ['by its key', keyed],
    ['by its number', added],
    ['batch by batch', batched],
  ])('keeps what its source has forgotten, %s', async (_, config) => {
    const folder = project(config);
    await folder.run(fill);
    expect(troubles(await folder.build())).toEqual([]);
    const before = await held(folder, 'kept');
    await folder.run('delete from events where n = 1');
    edit(folder, textOf(config, ", 'new' as word"));
    for (const _ of ['once', 'and again']) {
      expect(troubles(await folder.build()).join()).toMatch(
        /^model\.shop\.kept failed: .*made anew it would lose 1 of its 3 rows/,
      );
      expect(await held(folder, 'kept')).toBe(before);
    }
    await folder.build({ fullRefresh: true });
    expect(await held(folder, 'kept')).not.toContain('n:1');
    expect(await held(folder, 'kept')).toContain('word:new');
  });

  test('takes the place of one that has no row which it lacks, whatever their types', async () => {
    const folder = project(keyed);
    await folder.run(fill);
    await folder.build();
    await folder.run("insert into events values (4, '2025-12-31')");
    edit(folder, `${keyed} select n::varchar as n from {{ source('raw', 'events') }}`);
    expect(troubles(await folder.build())).toEqual([]);
    expect(await held(folder, 'kept')).toBe('{n:1} {n:2} {n:3} {n:4}');
  });

  test('keeps one that somebody else made, rather than what the source has left of it', async () => {
    const folder = project(keyed);
    await folder.run(fill);
    await folder.run("create table kept as select 0 as n, timestamp '2020-01-01' as day");
    expect(troubles(await folder.build()).join()).toContain('would lose 1 of its 1 row');
    edit(folder, textOf(keyed.replace(') }}', ', full_refresh=false) }}')));
    expect(troubles(await folder.build())).toEqual([]);
    expect(await folder.rows('select n from kept order by n')).toHaveLength(4);
  });

  test('loses what is gone from a seed: a file forgets nothing', async () => {
    const folder = dbtFolder({
      'seeds/kinds.csv': 'n\n1\n2\n',
      'models/staged.sql': "select n from {{ ref('kinds') }}",
      'models/kept.sql': `${keyed} select n from {{ ref('staged') }}`,
    });
    expect(troubles(await folder.build())).toEqual([]);
    writeFileSync(`${folder.folder}/seeds/kinds.csv`, 'n\n2\n');
    expect(troubles(await folder.build())).toEqual([]);
    expect(await held(folder, 'kept')).toBe('{n:2}');
  });
});
