import { expect, test } from 'vitest';
import { dbtFolder, troubles } from './dbt-project.ts';

const seed = { 'seeds/s.csv': 'n\n1\n' };
const snapshot = {
  'snapshots/k.sql': `{% snapshot k %}{{ config(unique_key='n', strategy='check', check_cols='all') }}
    select 1 as n{% endsnapshot %}`,
};

test.each([
  ['seeds: {shop: {+materialized: table}}', seed, 'is "table": a seed is a seed always'],
  ['snapshots: {+materialized: view}', snapshot, 'is "view": a snapshot is a snapshot always'],
  [
    'data_tests: {+materialized: table}',
    { 'models/a.sql': 'select 1 as n', 'tests/t.sql': "select * from {{ ref('a') }} where n > 1" },
    'config "materialized" is "table"; a test has none',
  ],
  [
    'models: {shop: {a: {+enabled: "True and False"}}}',
    { 'models/a.sql': 'select 1 as n' },
    'config "enabled" is "True and False"; write true or false',
  ],
])('%s is a fault, as in dbt', async (said, files, message) => {
  const project = dbtFolder({ 'dbt_project.yml': `name: shop\n${said}\n`, ...files });
  const result = await project.build();
  expect(result.status).toBe('failed');
  expect(troubles(result).join()).toContain(message);
});

test('what says of itself what it is anyway is taken', async () => {
  const project = dbtFolder({
    'dbt_project.yml':
      'name: shop\nseeds: {+materialized: seed}\nsnapshots: {+materialized: snapshot}\ndata_tests: {+materialized: test}\n',
    ...seed,
    ...snapshot,
    'tests/t.sql': "select * from {{ ref('k') }} where n > 1",
  });
  expect(troubles(await project.build())).toEqual([]);
});

test('null in the config of a test says nothing: its folder is asked', async () => {
  const project = dbtFolder({
    'dbt_project.yml': 'name: shop\ndata_tests: {shop: {+severity: WARN, +where: n > 0}}\n',
    'models/a.sql': 'select -1 as n union all select 7',
    'models/s.yml': `models:
  - name: a
    columns:
      - name: n
        data_tests:
          - accepted_values:
              arguments: {values: [9]}
              config: {severity: "{{ var('severity', none) | as_native }}", where: null}`,
  });
  const [told = ''] = troubles(await project.build());
  // Of the two rows, the folder lets the one be looked at.
  expect(told).toMatch(/^model.shop.a warn: .*1 row/);
});

test('exposures and unit tests follow the config of their folders', async () => {
  const { readFiles } = await import('../models/project-folder.ts');
  const project = await readFiles({
    'dbt_project.yml': `name: shop
exposures: {shop: {mart: {+tags: [shown]}, away: {+enabled: false}}}
unit_tests: {shop: {mart: {+tags: [quick]}, away: {+enabled: false}}}`,
    'models/mart/a.sql': 'select 1 as n',
    ...Object.fromEntries(
      ['mart', 'away'].map((folder) => [
        `models/${folder}/s.yml`,
        `exposures: [{name: of_${folder}, type: dashboard, owner: {email: a@b.c}}]
unit_tests: [{name: u_${folder}, model: a, given: [], expect: {rows: [{n: 1}]}}]`,
      ]),
    ),
  });
  expect(project.faults).toEqual([]);
  const told = [...project.nodes.values()].filter(({ resourceType }) => resourceType !== 'model');
  expect(told.map(({ id, tags }) => [id, ...tags])).toEqual([
    ['exposure.shop.of_mart', 'shown'],
    ['unit_test.shop.a.u_mart', 'quick'],
  ]);
});
