import { expect, test } from 'vitest';
import { openProject } from '../../cli/open-project.ts';
import { readOutline } from '../../cli/outline.ts';
import { formatFault } from '../../engine/declare/model-fault.ts';
import { isModelNode, isTestNode } from '../../engine/declare/model-node.ts';
import { readModelProject } from '../../engine/declare/model-project.ts';
import { target, writeFolder } from '../models/project-folder.ts';
import { dbtFolder } from './dbt-project.ts';

async function read(files: Readonly<Record<string, string>>) {
  const root = writeFolder(files);
  const { nodes, faults } = await readModelProject({ root, name: 'shop', target, env: {} });
  expect(faults.map(formatFault)).toEqual([]);
  return nodes;
}

test('hooks of a package run in the order of who said them, under either spelling', async () => {
  const nodes = await read({
    'dbt_project.yml': "name: shop\nmodels: { pack: { +pre-hook: 'select 3' } }\n",
    'dbt_packages/pack/dbt_project.yml':
      "name: pack\nmodels: { pack: { +pre_hook: 'select 1' } }\n",
    'dbt_packages/pack/models/m.sql': "{{ config(pre_hook=['select 2']) }} select 1 as id",
  });
  const node = nodes.get('model.pack.m');
  expect(isModelNode(node) && node.nodeConfig.preHooks).toEqual([
    'select 1',
    'select 2',
    'select 3',
  ]);
});

test('what the project says of a package’s test wins over its file', async () => {
  const nodes = await read({
    'dbt_project.yml': 'name: shop\ndata_tests: { pack: { +severity: warn } }\n',
    'dbt_packages/pack/dbt_project.yml': 'name: pack\n',
    'dbt_packages/pack/tests/t.sql': "{{ config(severity='error', limit=3) }} select 1 as id",
  });
  const node = nodes.get('test.pack.t');
  expect(isTestNode(node) && node.nodeConfig).toMatchObject({ severity: 'warn', limit: 3 });
});

test('null says nothing: what the folder says holds', async () => {
  const nodes = await read({
    'dbt_project.yml': `name: shop
models: { shop: { +unique_key: "{{ 'id' }}", +own_key: 1, bare: { +unique_key: null } } }
`,
    'models/m.sql':
      "{{ config(materialized='incremental', unique_key=none, own_key=none) }} select 1 as id",
    'models/bare/o.sql': "{{ config(materialized='incremental') }} select 1 as id",
  });
  const [m, o] = ['m', 'o'].map((name) => nodes.get(`model.shop.${name}`));
  expect(isModelNode(m) && m.nodeConfig.uniqueKey).toEqual(['id']);
  expect(m?.config['own_key']).toBe(null);
  expect(isModelNode(o) && o.nodeConfig.uniqueKey).toBe(undefined);
});

test('an empty key adds nothing to a list', async () => {
  const nodes = await read({
    'dbt_project.yml': 'name: shop\nmodels: { shop: { +tags: , +pre-hook: } }\n',
    'models/m.sql': "{{ config(tags='own', pre_hook='select 1') }} select 1 as id",
    'models/v_v1.sql': 'select 1 as id',
    'models/v.yml':
      'models: [{ name: v, config: { tags: }, versions: [{ v: 1, config: { tags: [b] } }] }]\n',
  });
  const [m, v] = ['m', 'v.v1'].map((name) => nodes.get(`model.shop.${name}`));
  expect(isModelNode(m) && m.nodeConfig).toMatchObject({ tags: ['own'], preHooks: ['select 1'] });
  expect(m?.config).toMatchObject({ tags: ['own'], 'pre-hook': ['select 1'] });
  expect(v?.config['tags']).toEqual(['b']);
});

test('config that stands beside `config:` is told, and not read', async () => {
  const { folder } = dbtFolder({
    'models/m.sql': 'select 1 as id',
    'models/s.yml': `models:
  - name: m
    tags: [nightly]
    materialized: table
    materialised: view
    columns: [{ name: id, tags: [key] }]
`,
  });
  using opened = openProject({ folder, env: { HOME: folder } });
  const { models } = await readOutline(opened);
  expect((models?.faults ?? []).map(formatFault)).toEqual([
    'models/s.yml:3:5 unknown key "tags"; write it under "config"',
    'models/s.yml:4:5 unknown key "materialized"; write it under "config"',
    'models/s.yml:5:5 unknown key "materialised"; did you mean "materialized", under "config"?',
  ]);
  expect(models?.nodes.get('model.shop.m')).toMatchObject({ tags: [] });
});

test('of a source’s column of time, YAML goes before the folder', async () => {
  const nodes = await read({
    'dbt_project.yml': 'name: shop\nsources: { +loaded_at_field: of_folder }\n',
    'models/s.yml': `sources:
  - { name: crm, loaded_at_field: of_source, tables: [{ name: a }, { name: b, loaded_at_field: own }] }
  - { name: erp, tables: [{ name: c }] }
`,
  });
  const fields = ['crm.a', 'crm.b', 'erp.c'].map(
    (name) => nodes.get(`source.shop.${name}`)?.config['loaded_at_field'],
  );
  expect(fields).toEqual(['of_source', 'own', 'of_folder']);
});
