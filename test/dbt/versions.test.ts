import { expect, test } from 'vitest';
import { isModelNode } from '../../engine/declare/model-node.ts';
import { faultsOf, readFiles } from '../models/project-folder.ts';
import { dbtFolder, troubles } from './dbt-project.ts';

const files = {
  'models/dim_v1.sql': 'select 1 as id, 2 as old',
  'models/dim_second.sql': 'select 1 as id, 3 as fresh',
  'models/dim_v3.sql': 'select 1 as id, 4 as next',
  'models/reads.sql':
    "select a.id, a.old, b.fresh from {{ ref('dim', v=1) }} a join {{ ref('dim') }} b using (id)",
  'models/schema.yml': `models:
  - name: dim
    latest_version: 2
    columns: [{name: id, data_tests: [unique]}, {name: old, data_tests: [not_null]}]
    versions:
      - v: 1
      - v: 2
        defined_in: dim_second
        columns: [{include: all, exclude: [old]}, {name: fresh, data_tests: [not_null]}]
      - {v: 3, columns: [{include: all, exclude: [old]}], config: {alias: dim_next}}
`,
};

test('versions of a model stand beside each other, and ref without one means the latest', async () => {
  const project = dbtFolder(files);
  const result = await project.build();
  expect(troubles(result)).toEqual([]);
  expect(await project.rows('select * from main.reads')).toEqual([{ id: 1, old: 2, fresh: 3 }]);
  const tables = await project.rows(
    "select table_name as t from information_schema.tables where table_schema = 'main' order by 1",
  );
  expect(tables.map(({ t }) => t)).toEqual(['dim_next', 'dim_v1', 'dim_v2', 'reads']);
});

test('two versions of one alias are told, and neither is built in place of the other', async () => {
  const project = await readFiles({
    'dbt_project.yml': 'name: shop',
    'models/dim_v1.sql': "{{ config(alias='dim') }} select 1 as id",
    'models/dim_v2.sql': "{{ config(alias='dim') }} select 2 as id",
    'models/schema.yml': 'models: [{name: dim, latest_version: 2, versions: [{v: 1}, {v: 2}]}]',
  });
  expect(faultsOf(project)).toEqual([
    'models/dim_v2.sql:1:1 main.dim is already built by models/dim_v1.sql; give one of them another alias or schema',
  ]);
});

test('a version there is not is told by the place of its ref', async () => {
  const project = await readFiles({
    ...files,
    'dbt_project.yml': 'name: shop',
    'models/lost.sql': "select * from {{ ref('dim', version=9) }}",
  });
  expect(project.faults.map(({ file, message }) => `${file} ${message}`)).toEqual([
    'models/lost.sql "dim" has no version 9; there is 1, 2, 3',
  ]);
  const names = [...project.nodes.values()].filter(isModelNode).map(({ id }) => id);
  expect(names).toContain('model.shop.dim.v2');
});

test('the latest version may stand in a file of the model’s own name', async () => {
  const project = dbtFolder({
    'models/dim.sql': 'select 2 as n',
    'models/dim_v1.sql': 'select 1 as n',
    'models/reads.sql': "select n from {{ ref('dim') }}",
    'models/schema.yml': 'models: [{name: dim, versions: [{v: 1}, {v: 2}]}]',
  });
  const result = await project.build();
  expect(troubles(result)).toEqual([]);
  expect(result.steps.map(({ id }) => id).sort()).toEqual([
    'model.shop.dim.v1',
    'model.shop.dim.v2',
    'model.shop.reads',
  ]);
  expect(await project.rows('select n from main.reads')).toEqual([{ n: 2 }]);
  const older = await readFiles({
    'dbt_project.yml': 'name: shop',
    'models/dim.sql': 'select 2 as n',
    'models/dim_v2.sql': 'select 1 as n',
    'models/schema.yml': 'models: [{name: dim, versions: [{v: 1}, {v: 2}]}]',
  });
  expect(older.faults).toMatchObject([
    { severity: 'warning', message: 'version 1 of "dim" has no file dim_v1.sql' },
  ]);
});

test('a version has what its model says, unless it says otherwise itself', async () => {
  const project = await readFiles({
    'dbt_project.yml': 'name: shop',
    'models/dim_v1.5.sql': 'select 1 as id, 2 as old',
    'models/dim_v2.sql': 'select 1 as id, 2 as old, 3 as fresh',
    'models/reads.sql': "select * from {{ ref('dim', v=1.5) }}",
    'models/s.yml': `models:
  - name: dim
    description: of the model
    deprecation_date: 2030-01-01
    config: { tags: [a], meta: { owner: { name: x } }, materialized: table }
    columns: [{ name: id, data_tests: [not_null] }, { name: old, data_tests: [not_null] }]
    data_tests: [{ unique: { column_name: old } }]
    versions:
      - v: 1.5
        description: of its own
        deprecation_date: 2029-01-01
        config: { tags: [b], meta: { owner: { mail: y } } }
        data_tests: []
        columns: [{ include: [id] }]
      - v: 2
        columns: [{ name: id, description: again, data_tests: [unique] }]
`,
  });
  expect(project.faults).toEqual([]);
  const of = (version: string) => {
    const id = `model.shop.dim.v${version}`;
    const node = project.nodes.get(id);
    const tests = project.graph.childrenOf(id).map((child) => project.nodes.get(child)?.name);
    if (!isModelNode(node)) throw new Error(id);
    const { description, columns, nodeConfig } = node;
    const { tags, raw } = nodeConfig;
    const named = columns.map((column) => [column.name, column.description]);
    const { deprecation_date: date, meta, materialized } = raw;
    return { description, named, tags, date, meta, materialized, tests: tests.toSorted() };
  };
  expect(of('1.5')).toEqual({
    description: 'of its own',
    named: [['id', '']],
    tags: ['b', 'a'],
    date: '2029-01-01',
    meta: { owner: { name: 'x', mail: 'y' } },
    materialized: 'table',
    tests: ['not_null_dim_v1.5_id', 'reads'],
  });
  expect(of('2')).toEqual({
    description: 'of the model',
    named: [
      ['id', 'again'],
      ['old', ''],
    ],
    tags: ['a'],
    date: undefined,
    meta: { owner: { name: 'x' } },
    materialized: 'table',
    tests: ['not_null_dim_v2_id', 'not_null_dim_v2_old', 'unique_dim_v2_id', 'unique_dim_v2_old'],
  });
});
