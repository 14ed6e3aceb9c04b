import { expect, test } from 'vitest';
import { readArtifact } from '../state-selection/read-artifact.ts';
import { dbtFolder } from './dbt-project.ts';

const told = (folder: string) =>
  readArtifact(folder, 'run_results.json').results.map(
    ({ unique_id: id, status }) => `${id} ${status}`,
  );

const files = {
  'models/good.sql': 'select 1 as id',
  'models/bad.sql': "select cast('x' as integer) as id",
  'macros/keep.sql': `{% macro keep(results) %}
    {% for result in results %}
      insert into kept values ('{{ result.node.name }}', '{{ result.status }}', '{{ result.node['resource_type'] }}',
        {{ result.to_dict()['execution_time'] >= 0 }});
    {% endfor %}
    insert into kept values ('{{ database_schemas[0][1] }}', '{{ results | map(attribute='status') | join('+') }}', '', true)
  {% endmacro %}`,
};

test('on-run-end sees what became of each node, and every hook is an operation of the run', async () => {
  const project = dbtFolder({
    ...files,
    'dbt_project.yml': `name: shop
on-run-start: "create table if not exists kept (name varchar, status varchar, kind varchar, timed boolean)"
on-run-end: ["{{ keep(results) }}", "{% do run_query('delete from kept where length(name) = 3') %}"]
`,
    'models/bad.sql': "{{ config(materialized='table') }} select cast('x' as integer) as id",
    'dbt_packages/tools/dbt_project.yml':
      'name: tools\non-run-start: "insert into kept values (\'tools\', null, null, true)"',
  });
  await project.build();
  expect(await project.rows('select * from kept order by name')).toEqual([
    { name: 'good', status: 'success', kind: 'model', timed: true },
    { name: 'main', status: 'error+success', kind: '', timed: true },
    { name: 'tools', status: null, kind: null, timed: true },
  ]);
  expect(told(project.folder)).toEqual([
    'operation.shop.shop-on-run-start-0 success',
    'operation.tools.tools-on-run-start-0 success',
    'model.shop.bad error',
    'model.shop.good success',
    'operation.shop.shop-on-run-end-0 success',
    'operation.shop.shop-on-run-end-1 success',
  ]);
});

test('where a hook fails before the run, nothing is built and the artifacts say so', async () => {
  const project = dbtFolder({
    ...files,
    'dbt_project.yml': 'name: shop\non-run-start: ["select 1", "drop table nothing_here"]\n',
  });
  await expect(project.build()).rejects.toThrow('on-run-start of shop failed');
  expect(told(project.folder)).toEqual([
    'operation.shop.shop-on-run-start-0 success',
    'operation.shop.shop-on-run-start-1 error',
    'model.shop.bad skipped',
    'model.shop.good skipped',
  ]);
});

test('where one fails after it, what was built is told all the same', async () => {
  const project = dbtFolder({
    'models/good.sql': 'select 1 as id',
    'dbt_project.yml': 'name: shop\non-run-end: "{{ no_such_macro(results) }}"\n',
  });
  await expect(project.build()).rejects.toThrow('on-run-end of shop failed');
  expect(told(project.folder)).toEqual([
    'model.shop.good success',
    'operation.shop.shop-on-run-end-0 error',
  ]);
});

test('hooks of a run do not run where nothing is meant to be built', async () => {
  const project = dbtFolder({
    'models/good.sql': 'select 1 as id',
    'dbt_project.yml': 'name: shop\non-run-start: create table made as select 1 as n\n',
  });
  await project.build({ select: ['tag:none'] });
  await expect(project.rows('select * from made')).rejects.toThrow('made');
});

test('hooks know which resources are selected', async () => {
  const project = dbtFolder({
    'dbt_project.yml': `name: shop
on-run-start: "create or replace table chosen as select '{{ selected_resources | sort | join(' ') }}' as ids"`,
    'models/a.sql': 'select 1 as id',
    'models/b.sql': "select * from {{ ref('a') }}, {{ source('raw', 't') }}",
    'models/s.yml': 'sources: [{name: raw, schema: main, tables: [{name: t}]}]',
  });
  await project.run('create table t as select 1 as x');
  await project.build({ select: ['+b'] });
  expect(await project.rows('select ids from chosen')).toEqual([
    { ids: 'model.shop.a model.shop.b' },
  ]);
});
