import { describe, expect, test } from 'vitest';
import { openProject } from '../../cli/open-project.ts';
import { readOutline } from '../../cli/outline.ts';
import { formatFault } from '../../engine/declare/model-fault.ts';
import { dbtFolder, troubles } from './dbt-project.ts';

async function faultsOf(files: Readonly<Record<string, string>>): Promise<string[]> {
  const { folder } = dbtFolder(files);
  using opened = openProject({ folder, env: { HOME: folder } });
  const { models } = await readOutline(opened);
  return (models?.faults ?? []).map((fault) => `${fault.severity}: ${formatFault(fault)}`);
}

describe('config that is not read', () => {
  test('is told once where only it is lost', async () => {
    expect(
      await faultsOf({
        'dbt_project.yml':
          'name: shop\nmodels: {shop: {+grants: {select: [bi]}, +concurrent_batches: true}}\n',
        'models/a.sql': 'select 1 as n',
        'models/b.sql': "{{ config(indexes=[{'columns': ['n']}]) }} select 1 as n",
        'models/c.sql':
          "{{ config(materialized='incremental', incremental_strategy='merge') }} select 1 as n",
        'seeds/s.csv': 'n\n1\n',
      }),
    ).toEqual([
      'warning: models/a.sql:1:1 config "grants" of a (and of 2 more nodes) has no effect: DuckDB has ' +
        'no grants; leave it out; who may read the warehouse is who may read its file',
      'warning: models/b.sql:1:1 config "indexes" of b has no effect: no index is made; a post_hook ' +
        'with `create index` makes one',
      'warning: models/c.sql:1:1 config "incremental_strategy" of c only adds rows, as there is no ' +
        'unique_key; name the unique_key, or write incremental_strategy: append',
    ]);
  });

  test('is a fault of its node alone where the rows would be others', async () => {
    const project = dbtFolder({
      'models/a.sql': "{{ config(materialized='table', sql_header='set x = 1;') }} select 1 as n",
      'models/d.sql': "{{ config(database='elsewhere') }} select 1 as n",
      'models/dd.sql': '{% call set_sql_header(config) %}set x = 1;{% endcall %} select 1 as n',
      'models/e.sql': '{{ config(database=target.database, grants={}) }} select 1 as n',
    });
    const result = await project.build();
    expect(troubles(result).map((one) => one.replace(/ failed: .*config/, ' config'))).toEqual([
      expect.stringMatching(/^model.shop.a config "sql_header" is not run/),
      expect.stringMatching(/^model.shop.d config "database" is "elsewhere"/),
      expect.stringMatching(/^model.shop.dd config "sql_header" is not run/),
    ]);
  });
});

test('an identifier that is a call is told: quoting does not make it one', async () => {
  const identifier = '"range(3)"';
  expect(
    await faultsOf({
      'models/s.yml': `sources:
  - name: raw
    quoting: {identifier: false}
    tables:
      - {name: t, identifier: ${identifier}}
      - {name: f, identifier: ${identifier}, config: {external_location: range(3)}}`,
      'models/a.sql': 'select 1 as n',
    }),
  ).toEqual([
    'warning: models/s.yml:5:16 raw.t has the identifier "range(3)", which is looked for as a table ' +
      'of that name; quoting is not read: a function of DuckDB is asked by external_location in its config',
  ]);
});

test('a source in another database, and a profile that attaches one, are told', async () => {
  const said: string[] = [];
  const warn = (_: string, fields?: { readonly message?: unknown }) =>
    void said.push(String(fields?.message));
  const { folder } = dbtFolder({
    'dbt_project.yml': 'name: shop\nprofile: shop\n',
    'profiles.yml':
      'shop: {target: d, outputs: {d: {type: duckdb, path: w.duckdb, attach: [{path: x.db}]}}}',
    'models/s.yml': `sources:
  - {name: raw, database: lake, tables: [{name: a}, {name: b}]}
  - {name: mine, database: w, tables: [{name: a}]}
  - {name: any, database: "{{ target.database }}", tables: [{name: a}]}`,
    'models/a.sql': 'select 1 as n',
  });
  const log = { debug() {}, info() {}, warn, error: warn };
  using opened = openProject({ folder, env: { HOME: folder }, log });
  const { models } = await readOutline(opened);
  expect(models?.faults.map(formatFault)).toEqual([
    'models/s.yml:2:49 the database "lake" of the source raw is not looked into; tables are read ' +
      'in "w", the warehouse\'s own file; a view there may show them',
  ]);
  expect(said).toEqual([expect.stringContaining('not read of the profile: attach;')]);
});

test('flags that ask for what is not done are told at their place, others are not', async () => {
  expect(
    await faultsOf({
      'dbt_project.yml': `name: shop
flags:
  send_anonymous_usage_stats: false
  require_generic_test_arguments_property: true
  skip_nodes_if_on_run_start_fails: true
  source_freshness_run_project_hooks: true
  state_modified_compare_more_unrendered_values: true
  enable_truthy_nulls_equals_macro: true
  warn_error_options: {error: all}
`,
      'models/a.sql': 'select 1 as n',
    }),
  ).toEqual([
    expect.stringMatching(/:7:\d+ the flag state_modified_compare_more_unrendered_values: true/),
  ]);
});
