import { expect, test } from 'vitest';
import { buildManifest } from '../../engine/artifacts/manifest.ts';
import { asConfig, asList, type Config } from '../../engine/declare/config.ts';
import { dbtFolder } from '../dbt/dbt-project.ts';
import { readFiles } from '../models/project-folder.ts';
import { readArtifact } from './artifact-files.ts';
import { tidemill } from './command-line.ts';

async function manifestOf(files: Readonly<Record<string, string>>) {
  const project = await readFiles({ 'dbt_project.yml': 'name: shop', ...files });
  expect(project.faults.filter(({ severity }) => severity === 'error')).toEqual([]);
  const moment = { invocationId: '', startedAtMs: 0, generatedAtMs: 0 };
  return await buildManifest({ project, moment, compiled: new Map() });
}

test('a primary key is what a constraint says, before what tests let infer', async () => {
  const { nodes } = await manifestOf({
    'models/of_model.sql': 'select 1 as id, 2 as other',
    'models/of_column.sql': 'select 1 as id, 2 as other',
    'models/of_tests.sql': 'select 1 as id, 2 as other',
    'models/schema.yml': `
models:
  - name: of_model
    constraints: [{type: unique, columns: [other]}, {type: primary_key, columns: [id, other]}]
    columns: [{name: id, data_type: int, data_tests: [unique]}, {name: other, data_type: int}]
  - name: of_column
    columns: [{name: id, constraints: [{type: primary_key}]}, {name: other, data_tests: [unique, not_null]}]
  - name: of_tests
    columns: [{name: id, data_tests: [unique]}, {name: other, data_tests: [unique, not_null]}]
`,
  });
  const keyOf = (name: string) => nodes[`model.shop.${name}`]?.['primary_key'];
  expect(['of_model', 'of_column', 'of_tests'].map(keyOf)).toEqual([
    ['id', 'other'],
    ['id'],
    ['other'],
  ]);
});

const day = (count: number) => ({ count, period: 'day' });
const never = { count: null, period: null };

/** As dbt 1.10 writes them for this project. */
test.each([
  ['plain', {}, { warn_after: day(1), error_after: day(5), filter: 'x > 1' }],
  [
    'own',
    { freshness: { warn_after: day(2) } },
    { warn_after: day(2), error_after: day(5), filter: 'x > 1' },
  ],
  [
    'in_config',
    { config: { freshness: { error_after: day(3) } } },
    { warn_after: day(1), error_after: day(3), filter: 'x > 1' },
  ],
  ['none', { freshness: null }, null],
  ['none_in_config', { config: { freshness: null } }, null],
  [
    'one_limit',
    { freshness: { warn_after: null, error_after: day(9) } },
    { warn_after: null, error_after: day(9), filter: 'x > 1' },
  ],
  [
    'half_a_limit',
    { freshness: { warn_after: { count: 4 }, filter: 'y' } },
    { warn_after: day(1), error_after: day(5), filter: 'y' },
  ],
])(
  'the freshness of a table is joined with that of its source: %s',
  async (name, table, joined) => {
    const source = {
      name: 'raw',
      freshness: { warn_after: day(1), filter: 'x > 1' },
      config: { freshness: { error_after: day(5) } },
      tables: [{ name, ...table }],
    };
    const { sources } = await manifestOf({ 'models/s.yml': JSON.stringify({ sources: [source] }) });
    const entry = sources[`source.shop.raw.${name}`];
    expect(entry?.['freshness']).toEqual(joined);
    expect(asConfig(entry?.['config'])['freshness']).toEqual(joined);
  },
);

test('what a folder says of freshness holds where no YAML does, and null ends it', async () => {
  const { sources } = await manifestOf({
    'dbt_project.yml':
      'name: shop\nsources: {shop: {raw: {+freshness: {warn_after: {count: 9, period: day}}}}}',
    'models/s.yml': `sources:
  - name: raw
    tables:
      - {name: plain}
      - {name: none, freshness: null}
      - {name: own, freshness: {error_after: {count: 3, period: day}}}
  - {name: other, tables: [{name: silent}]}`,
  });
  const freshnessOf = (name: string) => sources[`source.shop.${name}`]?.['freshness'];
  expect(['raw.plain', 'raw.none', 'raw.own', 'other.silent'].map(freshnessOf)).toEqual([
    { warn_after: day(9), error_after: never, filter: null },
    null,
    { warn_after: never, error_after: day(3), filter: null },
    { warn_after: never, error_after: never, filter: null },
  ]);
});

test('an export of a saved query has what the query says of its exports', async () => {
  const { saved_queries: queries } = await manifestOf({
    'dbt_project.yml': 'name: shop\nsaved-queries: {shop: {+export_as: view}}',
    'models/orders.sql': 'select 1 as id, now() as at',
    'models/s.yml': `
semantic_models:
  - name: orders
    model: ref('orders')
    defaults: {agg_time_dimension: at}
    entities: [{name: id, type: primary}]
    dimensions: [{name: at, type: time, type_params: {time_granularity: day}}]
    measures: [{name: count, agg: count, expr: id, create_metric: true}]
saved_queries:
  - name: weekly
    config: {schema: mart}
    query_params: {metrics: [count]}
    exports:
      - {name: plain}
      - {name: own, config: {export_as: table, alias: told, schema: mine}}
      - {name: named, config: {schema_name: other}}
`,
  });
  const { exports = [] } = queries['saved_query.shop.weekly'] ?? {};
  expect(asList(exports).map((one) => (one as Config)['config'])).toMatchObject([
    { export_as: 'view', schema_name: 'mart', alias: 'plain' },
    { export_as: 'table', schema_name: 'mine', alias: 'told' },
    { export_as: 'view', schema_name: 'other', alias: 'named' },
  ]);
});

test('artifacts tell the variables of the command, and of the environment what is meant for them', async () => {
  const { folder, build } = dbtFolder({ 'models/a.sql': 'select 1 as n' });
  const env = {
    HOME: folder,
    DBT_ENV_CUSTOM_ENV_CI_RUN: '17',
    DBT_ENV_CUSTOM_ENV_API_TOKEN: 'hush',
    OTHER: 'x',
  };
  const vars = { day: '2026-01-01', tried: { times: 2, password: 'hush' }, api_key: 'hush' };
  await build({}, { env, vars });
  const results = readArtifact(folder, 'run_results');
  expect(results).toMatchObject({
    metadata: { env: { CI_RUN: '17' } },
    args: { vars: { day: '2026-01-01', tried: { times: 2 } } },
  });
  const manifest = readArtifact(folder, 'manifest');
  expect(manifest).toMatchObject({ metadata: { env: { CI_RUN: '17' } } });
  expect(JSON.stringify([results, manifest])).not.toContain('hush');
});

test('a secret among the words of a command line is in no artifact', async () => {
  const { folder } = dbtFolder({
    'models/a.sql': 'select 1 as n',
    'macros/m.sql': "{% macro m(api_key) %}{% do log('done') %}{% endmacro %}",
  });
  const lines = [
    ['build', '--vars', '{password: hush}'],
    ['build', '--vars={"api_token": "hush"}'],
    ['run-operation', 'm', '--args', '{api_key: hush}'],
  ];
  for (const line of lines) {
    expect(await tidemill(folder, ...line)).toMatchObject({ code: 0 });
    const results = readArtifact(folder, 'run_results');
    expect(results).toMatchObject({
      args: { invocation_command: expect.stringMatching(new RegExp(`${line[0]} .*…$`)) },
    });
    expect(JSON.stringify([results, readArtifact(folder, 'manifest')])).not.toContain('hush');
  }
});
