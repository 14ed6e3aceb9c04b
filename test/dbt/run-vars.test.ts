import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { dbtFolder, troubles } from './dbt-project.ts';

const incremental = "{{ config(materialized='incremental', incremental_strategy='append') }}";

/*
 * In production: an orchestrator names the day of each run (`--vars '{day: …}'`, `env_var`). Taken
 * for another model, its table would be made anew each day, of that day alone.
 */
test('a variable of the run is what it is about: tables that are added to keep their rows', async () => {
  const project = dbtFolder({
    'models/s.yml': 'sources: [{name: raw, schema: main, tables: [{name: events}]}]',
    'models/of_day.sql': `${incremental}
      select n, day from {{ source('raw', 'events') }} where day = {{ var('day') }}`,
    'models/staged.sql':
      "select n, day from {{ source('raw', 'events') }} where day = {{ var('day') }}",
    'models/of_staged.sql': `${incremental} select n from {{ ref('staged') }}`,
    'models/batched.sql': `{{ config(materialized='incremental', incremental_strategy='microbatch',
        event_time='at', begin='2026-01-01', batch_size='day') }}
      select n, day, timestamp '2026-01-01' as at, {{ var('day') }} as run from {{ source('raw', 'events') }}`,
    'models/fresh.sql': "{{ config(materialized='table') }} select n from {{ ref('staged') }}",
  });
  const build = (day: number) => project.build({}, { vars: { day } });
  const days = async (table: string, column = 'day') =>
    (await project.rows(`select ${column} as d from ${table} order by 1`)).map(({ d }) =>
      Number(d),
    );
  await project.run('create table events as select n, n as day from range(1, 4) t(n)');
  expect(troubles(await build(1))).toEqual([]);
  const second = await build(2);
  expect(troubles(second)).toEqual([]);
  const of = (id: string) => second.steps.find((step) => step.id.endsWith(id));
  expect(of('of_day')?.hint).toBe('a variable it reads changed; rows that stand are kept');
  expect(of('of_staged')?.hint).toBe('a model it reads changed; rows that stand are kept');
  expect(troubles(await build(3))).toEqual([]);
  expect(await days('of_day')).toEqual([1, 2, 3]);
  expect(await days('of_staged', 'n')).toEqual([1, 2, 3]);
  expect(await days('fresh', 'n')).toEqual([3]);
  expect(await days('batched', 'run')).toEqual([3, 3, 3]);
  // Anew only where that is asked for.
  await project.build({ select: ['of_day'], fullRefresh: true }, { vars: { day: 3 } });
  expect(await days('of_day')).toEqual([3]);
});

test('also of the second run, where the first one made the source', async () => {
  const project = dbtFolder({
    'dbt_project.yml': `name: shop
version: '1.0'
on-run-start: create table if not exists events as select n, n as day from range(1, 4) t(n)
`,
    'models/s.yml': 'sources: [{name: raw, schema: main, tables: [{name: events}]}]',
    'models/of_day.sql': `${incremental}
      select n, day from {{ source('raw', 'events') }} where day = {{ var('day') }}`,
  });
  for (const day of [1, 2, 3]) {
    expect(troubles(await project.build({}, { vars: { day } }))).toEqual([]);
  }
  expect(await project.rows('select n from of_day')).toHaveLength(3);
});

test('what is written otherwise makes such a table anew, be it in a macro, a model below or a seed', async () => {
  const files = {
    'seeds/rates.csv': 'rate\n2\n',
    'macros/double.sql': "{% macro double(x) %}{{ x }} * 2 + {{ var('plus', 0) }}{% endmacro %}",
    'models/below.sql': "select rate, {{ double('rate') }} as twice from {{ ref('rates') }}",
    'models/kept.sql': `{{ config(materialized='incremental', unique_key='rate') }}
      select rate, twice, {{ var('plus', 0) }} as plus from {{ ref('below') }}
      {% if is_incremental() %} where false {% endif %}`,
  };
  const project = dbtFolder(files);
  const build = async (vars = {}) => {
    expect(troubles(await project.build({}, { vars }))).toEqual([]);
    return (await project.rows('select twice, plus from kept')).map(({ twice, plus }) =>
      [twice, plus].map(Number),
    );
  };
  const write = (path: string, text: string) => writeFileSync(`${project.folder}/${path}`, text);
  expect(await build()).toEqual([[4, 0]]);
  expect(await build({ plus: 1 })).toEqual([[4, 0]]);
  write('macros/double.sql', files['macros/double.sql'].replace('* 2', '* 3'));
  expect(await build({ plus: 1 })).toEqual([[7, 1]]);
  write('models/below.sql', `${files['models/below.sql']} where rate > 0`);
  expect(await build()).toEqual([[6, 0]]);
  write('seeds/rates.csv', 'rate\n2\n\n');
  expect(await build({ plus: 5 })).toEqual([[11, 5]]);
  expect(await build({ plus: 6 })).toEqual([[11, 5]]);
});
