import { expect, test } from 'vitest';
import { dbtFolder, troubles } from './dbt-project.ts';

test('hooks of a run stand around it, and a failing one ends it', async () => {
  const project = dbtFolder({
    'dbt_project.yml': `name: shop
on-run-start: ["create table if not exists seen (what varchar)", "{{ note('start') }}"]
on-run-end: "insert into seen select 'end ' || count(*) || ' {{ schemas | join(',') }}' from {{ ref('a') }}"
`,
    'macros/note.sql': "{% macro note(what) %}insert into seen values ('{{ what }}'){% endmacro %}",
    'models/a.sql': 'select 1 as id',
  });
  expect(troubles(await project.build())).toEqual([]);
  expect(await project.rows('select what from seen')).toEqual([
    { what: 'start' },
    { what: 'end 1 main' },
  ]);
  const broken = dbtFolder({
    'dbt_project.yml': "name: shop\non-run-start: ['drop table nothing_here']\n",
    'models/a.sql': 'select 1 as id',
  });
  await expect(broken.build()).rejects.toThrow('on-run-start of shop failed');
  expect(
    await broken.rows("select 1 from information_schema.tables where table_name = 'a'"),
  ).toEqual([]);
});

test('a microbatch replaces its last batches, leaves older ones, and fills a pause', async () => {
  const day = 86_400_000;
  const project = dbtFolder({
    'models/daily.sql': `{{ config(materialized='incremental', incremental_strategy='microbatch',
      event_time='day', batch_size='day', begin='2025-12-30', lookback=1) }}
      select date_trunc('day', at_time)::timestamp as day, count(*) as n from {{ source('log', 'events') }} group by 1`,
    'models/s.yml': 'sources: [{name: log, schema: main, tables: [{name: events}]}]',
  });
  const add = (...days: string[]) =>
    project.run(`insert into events values ${days.map((one) => `('${one} 12:00:00')`).join(', ')}`);
  await project.run('create table events (at_time timestamp)');
  await add('2025-12-29', '2025-12-30', '2025-12-31', '2026-01-01', '2026-01-02');
  const daily = async () =>
    (await project.rows("select strftime(day, '%d') as d, n from daily order by day")).map(
      ({ d, n }) => `${d}:${n}`,
    );
  expect(troubles(await project.build())).toEqual([]);
  expect(await daily()).toEqual(['30:1', '31:1', '01:1']);
  await add('2025-12-30', '2025-12-31', '2026-01-01');
  project.pass(day);
  await project.build();
  // The 30th and the 31st are older than the batches that are looked at again.
  expect(await daily()).toEqual(['30:1', '31:1', '01:2', '02:1']);
  await add('2026-01-03', '2026-01-04', '2026-01-05');
  project.pass(4 * day);
  await project.build();
  expect(await daily()).toEqual(['30:1', '31:1', '01:2', '02:1', '03:1', '04:1', '05:1']);
  await project.build({ fullRefresh: true });
  expect(await daily()).toEqual(['30:2', '31:2', '01:2', '02:1', '03:1', '04:1', '05:1']);
});

test('what a hook’s macros write is written in their order, after the model is built', async () => {
  const shop = dbtFolder({
    'macros/fill.sql': `{% macro fill(relation) %}
      {% call statement('insert') %}insert into {{ relation }} values (2, 'late'){% endcall %}
      {% do run_query("-- why\\nupdate " ~ relation ~ " set kind = 'changed' where id = 1;") %}
      {% set kinds = run_query("select 'x' as kind").columns[0].values() %}
      insert into {{ relation }} values (3, '{{ kinds[0] }}')
    {% endmacro %}`,
    'models/filled.sql': `{{ config(materialized='table', post_hook="{{ fill(this) }}") }}
      select 1 as id, 'early' as kind`,
    'seeds/gone.csv': 'a\n1\n',
    'seeds/seeds.yml': `
seeds: [{name: gone, config: {post_hook: "{% do adapter.drop_relation(this.incorporate(type='table')) %}"}}]`,
  });
  expect(troubles(await shop.build())).toEqual([]);
  expect(await shop.rows('select * from main.filled order by id')).toEqual([
    { id: 1, kind: 'changed' },
    { id: 2, kind: 'late' },
    { id: 3, kind: 'x' },
  ]);
  expect(
    await shop.rows("select table_name from duckdb_tables() where table_name = 'gone'"),
  ).toEqual([]);
});
