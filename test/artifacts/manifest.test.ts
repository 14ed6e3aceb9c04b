import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { buildManifest } from '../../engine/artifacts/manifest.ts';
import { formatFault } from '../../engine/declare/model-fault.ts';
import { dbtFolder, dbtProjectIn } from '../dbt/dbt-project.ts';
import { readFiles } from '../models/project-folder.ts';
import { entryOf, idsOf, readArtifact } from './artifact-files.ts';

const example = fileURLToPath(new URL('../../examples/dbt-shop', import.meta.url));

test('generic tests of the example have the ids that dbt gives them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dbt-shop-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(example, folder, {
    recursive: true,
    filter: (path) => !/warehouse\.duckdb|\.tidemill|target/.test(path),
  });
  await dbtProjectIn(folder).build({ select: ['resource_type:seed'] });
  const ids = idsOf(readArtifact(folder, 'manifest'), 'nodes');
  // As dbt 1.10 writes them for this project.
  expect(ids).toEqual(
    expect.arrayContaining([
      'test.dbt_shop.unique_orders_order_id.fed79b3a6e',
      'test.dbt_shop.not_null_orders_order_id.cf6c17daed',
      'test.dbt_shop.relationships_orders_customer_id__customer_id__ref_stg_customers_.918495ce16',
      'test.dbt_shop.accepted_values_orders_status__open__paid__shipped__returned.435d0303b4',
      'test.dbt_shop.shop_tools_not_negative_orders_amount.53d819c964',
      'test.dbt_shop.every_paid_order_has_a_payment',
      'snapshot.dbt_shop.order_history',
      'model.shop_tools.calendar',
    ]),
  );
});

const files = {
  'dbt_project.yml': 'name: shop\nmodels: {shop: {marts: {+schema: out, +tags: nightly}}}',
  'seeds/numbers.csv': 'n\n1\n\n',
  'models/base.sql': "\n\nselect n from {{ ref('numbers') }}\n",
  'models/marts/big.sql':
    "{{ config(materialized='table', meta={'owner': 'us'}) }} select n from {{ ref('base') }}, {{ source('logs', 'events') }}",
  'models/marts/off.sql': '{{ config(enabled=false) }} select 1',
  'models/marts/schema.yml': `
models:
  - name: big
    description: Everything.
    config: {post_hook: "select 1"}
    columns: [{name: n, description: How many., data_type: integer, meta: {unit: piece}, tags: [count]}]
sources:
  - name: logs
    tables: [{name: events, loaded_at_field: at, freshness: {warn_after: {count: 1, period: day}}}]
`,
  'snapshots/kept.sql':
    "{% snapshot kept %}{{ config(strategy='check', unique_key='n', check_cols='all') }} select n from {{ ref('base') }}{% endsnapshot %}",
  'macros/twice.sql': '{% macro twice(x) -%} {{ x }} * 2 {%- endmacro %}',
};

test('a manifest says of every node what it is, where it is from and what it reads', async () => {
  const project = dbtFolder(files);
  await project.run('create schema logs');
  await project.run("create table logs.events as select timestamp '2026-01-01' as at");
  await project.build();
  const manifest = readArtifact(project.folder, 'manifest');
  expect(manifest.metadata).toMatchObject({
    dbt_schema_version: 'https://schemas.getdbt.com/dbt/manifest/v12.json',
    project_name: 'shop',
    adapter_type: 'duckdb',
  });
  expect(entryOf(manifest, 'nodes', 'model.shop.base')).toMatchObject({
    raw_code: "select n from {{ ref('numbers') }}",
    // Of the text without the white space around it.
    checksum: {
      name: 'sha256',
      checksum: createHash('sha256').update("select n from {{ ref('numbers') }}").digest('hex'),
    },
    compiled: true,
    refs: [{ name: 'numbers', package: null, version: null }],
    depends_on: { nodes: ['seed.shop.numbers'] },
  });
  expect(entryOf(manifest, 'nodes', 'model.shop.big')).toMatchObject({
    fqn: ['shop', 'marts', 'big'],
    path: 'marts/big.sql',
    original_file_path: 'models/marts/big.sql',
    patch_path: 'shop://models/marts/schema.yml',
    schema: 'main_out',
    alias: 'big',
    relation_name: '"warehouse"."main_out"."big"',
    tags: ['nightly'],
    meta: { owner: 'us' },
    description: 'Everything.',
    sources: [['logs', 'events']],
    config: {
      materialized: 'table',
      'post-hook': [{ sql: 'select 1', transaction: true, index: null }],
      on_schema_change: 'ignore',
    },
    columns: {
      n: {
        description: 'How many.',
        data_type: 'integer',
        meta: { unit: 'piece' },
        tags: ['count'],
      },
    },
  });
  expect(entryOf(manifest, 'nodes', 'seed.shop.numbers')).toMatchObject({
    checksum: { checksum: createHash('sha256').update('n\n1').digest('hex') },
    raw_code: '',
  });
  expect(entryOf(manifest, 'nodes', 'snapshot.shop.kept')).toMatchObject({
    fqn: ['shop', 'kept', 'kept'],
    path: 'kept.sql',
    raw_code: expect.stringMatching(/^\{\{ config.*ref\('base'\) \}\}$/),
  });
  expect(entryOf(manifest, 'sources', 'source.shop.logs.events')).toMatchObject({
    loaded_at_field: 'at',
    freshness: { warn_after: { count: 1, period: 'day' }, error_after: { count: null } },
  });
  expect(entryOf(manifest, 'macros', 'macro.shop.twice')).toMatchObject({
    macro_sql: '{% macro twice(x) -%} {{ x }} * 2 {%- endmacro %}',
    original_file_path: 'macros/twice.sql',
  });
  expect(idsOf(manifest, 'disabled')).toEqual(['model.shop.off']);
  expect((manifest['child_map'] as Record<string, string[]>)['model.shop.base']).toEqual([
    'model.shop.big',
    'snapshot.shop.kept',
  ]);
});

test('a model of days says by which column time is counted', async () => {
  const project = await readFiles({
    'dbt_project.yml': 'name: shop',
    'models/days.sql': "select date '2026-01-01' as day",
    'models/schema.yml': `
models:
  - name: days
    time_spine: {standard_granularity_column: day, custom_granularities: [{name: decade}]}
    columns: [{name: day, granularity: day}]
`,
  });
  const moment = { invocationId: '', startedAtMs: 0, generatedAtMs: 0 };
  const manifest = await buildManifest({ project, moment, compiled: new Map() });
  expect(manifest.nodes['model.shop.days']).toMatchObject({
    time_spine: {
      standard_granularity_column: 'day',
      custom_granularities: [{ name: 'decade', column_name: null }],
    },
    columns: { day: { granularity: 'day' } },
  });
});

test('two tests that differ in nothing but config are told, since their ids are the same', async () => {
  const project = await readFiles({
    'dbt_project.yml': 'name: shop',
    'models/a.sql': 'select 1 as n',
    'models/schema.yml': `
models:
  - name: a
    columns:
      - name: n
        data_tests:
          - unique
          - unique: {config: {where: n > 1}}
          - unique: {name: large_ones_are_unique, config: {where: n > 1}}
          - not_null
          - not_null
`,
  });
  expect(project.faults.map((fault) => `${fault.severity} ${formatFault(fault)}`)).toEqual([
    expect.stringMatching(/^error .*:8:\d+ .*"unique_a_n" is written twice, with another config/),
    expect.stringMatching(/^warning .*:11:\d+ the test "not_null_a_n" is written twice$/),
  ]);
  expect(project.graph.childrenOf('model.shop.a')).toHaveLength(3);
});

test('of nodes that are switched off a manifest lists each, also where they share an id', async () => {
  const project = await readFiles({
    'dbt_project.yml': 'name: shop',
    'models/one/a.sql': '{{ config(enabled=false) }} select 1 as id',
    'models/two/a.sql': '{{ config(enabled=false) }} select 2 as id',
    'models/b.sql': 'select 1 as id',
  });
  const moment = { invocationId: '', startedAtMs: 0, generatedAtMs: 0 };
  const { disabled } = await buildManifest({ project, moment, compiled: new Map() });
  const files = disabled['model.shop.a']?.map((entry) => entry['original_file_path']);
  expect(files).toEqual(['models/one/a.sql', 'models/two/a.sql']);
  expect(Object.keys(disabled)).toEqual(['model.shop.a']);
});

test('a manifest lists what is off of every kind, which nothing is linked to', async () => {
  const project = await readFiles({
    'dbt_project.yml': 'name: shop\nexposures: {shop: {+enabled: false}}',
    'models/a.sql': 'select 1 as id',
    'tests/by_hand.sql': "{{ config(enabled=false) }} select * from {{ ref('gone') }}",
    'models/schema.yml': `
models:
  - name: a
    columns:
      - name: id
        data_tests:
          - unique: {name: in_yaml, config: {enabled: false, store_failures: true}}
          - relationships: {name: to_none, arguments: {to: ref('gone'), field: id}, config: {enabled: false}}
sources: [{name: logs, tables: [{name: events, config: {enabled: false}}]}]
exposures: [{name: board, type: dashboard, owner: {name: us}, depends_on: [ref('gone'), ref('a')]}]
unit_tests:
  - {name: counts, model: a, given: [], expect: {rows: [{id: 1}]}, config: {enabled: false}}
metrics: [{name: most, label: Most, type: simple, type_params: {measure: no}, config: {enabled: false}}]
`,
  });
  expect(project.faults).toEqual([]);
  const moment = { invocationId: '', startedAtMs: 0, generatedAtMs: 0 };
  const { disabled, nodes } = await buildManifest({ project, moment, compiled: new Map() });
  const told = Object.fromEntries(
    Object.values(disabled).map(([one]) => [one?.['name'], [one?.['config'], one?.['refs']]]),
  );
  const off = expect.objectContaining({ enabled: false });
  const call = (name: string) => ({ name, package: null, version: null });
  expect(told).toEqual({
    by_hand: [off, [call('gone')]],
    in_yaml: [off, [call('a')]],
    to_none: [off, [call('gone'), call('a')]],
    events: [off, undefined],
    board: [off, [call('gone'), call('a')]],
    counts: [off, undefined],
    most: [off, []],
  });
  expect(nodes['model.shop.a']?.['primary_key']).toEqual(['id']);
  expect(Object.keys(nodes)).toEqual(['model.shop.a']);
});

test.each([
  ['{store_failures: true}', true, 'table'],
  ['{store_failures: false}', false, 'ephemeral'],
  ['{store_failures_as: view}', true, 'view'],
  ['{store_failures: true, store_failures_as: ephemeral}', false, 'ephemeral'],
  ['{store_failures: false, store_failures_as: table}', true, 'table'],
  ['{severity: warn}', null, null],
])('a test with %s has both keys in the manifest, as dbt writes them', async (config, is, as) => {
  const project = await readFiles({
    'dbt_project.yml': 'name: shop',
    'models/a.sql': 'select 1 as id',
    'models/schema.yml': `models: [{name: a, data_tests: [unique: {column_name: id, config: ${config}}]}]`,
  });
  const moment = { invocationId: '', startedAtMs: 0, generatedAtMs: 0 };
  const { nodes } = await buildManifest({ project, moment, compiled: new Map() });
  const test = Object.values(nodes).find((entry) => entry['resource_type'] === 'test');
  expect(test?.['config']).toMatchObject({ store_failures: is, store_failures_as: as });
});
