import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openProject } from '../../cli/open-project.ts';
import { dbtFolder, troubles } from './dbt-project.ts';

const profile = (output: string, target = 'dev') =>
  `shop:\n  target: ${target}\n  outputs:\n    dev:\n${output.replaceAll(/^/gm, '      ')}\n`;

describe('a dbt project without pipelines.yaml', () => {
  test('builds seeds, models, snapshots in blocks and in YAML, and tests, in dbt’s schemas', async () => {
    const project = dbtFolder({
      'dbt_project.yml':
        'name: shop\nprofile: shop\nmodels:\n  shop:\n    marts: {+schema: marts}\n',
      'profiles.yml': profile(
        "type: duckdb\npath: \"{{ env_var('DB', 'own.duckdb') }}\"\nschema: prod",
      ),
      'seeds/orders.csv': 'id,status,moved\n1,open,2026-01-01\n2,paid,2026-01-02\n',
      'models/staging/stg_orders.sql': "select * from {{ ref('orders') }}",
      'models/marts/totals.sql':
        "{{ config(materialized='table') }}select status, count(*) as n from {{ ref('stg_orders') }} group by all",
      'models/schema.yml':
        'models:\n  - name: stg_orders\n    columns:\n      - name: id\n        data_tests: [unique, not_null]\n',
      'snapshots/orders_block.sql': `{% snapshot orders_block %}
        {{ config(target_schema='kept', unique_key='id', strategy='check', check_cols=['status']) }}
        select * from {{ ref('stg_orders') }}
      {% endsnapshot %}`,
      'snapshots/_snapshots.yml': `snapshots:
  - name: orders_yaml
    relation: ref('stg_orders')
    config: {schema: kept, unique_key: id, strategy: timestamp, updated_at: moved, hard_deletes: new_record}
    columns: [{name: id, data_tests: [not_null]}]
`,
    });
    expect(troubles(await project.build())).toEqual([]);
    expect(await project.rows('select * from prod_marts.totals order by 1')).toEqual([
      { status: 'open', n: 1 },
      { status: 'paid', n: 1 },
    ]);
    writeFileSync(join(project.folder, 'seeds/orders.csv'), 'id,status,moved\n1,paid,2026-01-03\n');
    expect(troubles(await project.build())).toEqual([]);
    expect(
      await project.rows(
        'select id, status, dbt_valid_to is null as open from kept.orders_block order by all',
      ),
    ).toEqual([
      { id: 1, status: 'open', open: false },
      { id: 1, status: 'paid', open: true },
      { id: 2, status: 'paid', open: true },
    ]);
    expect(
      await project.rows(
        'select id, dbt_is_deleted as gone, dbt_valid_to is null as open from prod_kept.orders_yaml order by all',
      ),
    ).toEqual([
      { id: 1, gone: 'False', open: false },
      { id: 1, gone: 'False', open: true },
      { id: 2, gone: 'False', open: false },
      { id: 2, gone: 'True', open: true },
    ]);
    const again = await project.build();
    expect(again.steps.filter(({ kind }) => kind !== 'check').map(({ status }) => status)).toEqual(
      again.steps.filter(({ kind }) => kind !== 'check').map(() => 'reused'),
    );
    const recorded = "select count(*) as n from tidemill.run_steps where status = 'reused'";
    const reused = again.steps.filter(({ status }) => status === 'reused').length;
    expect(await project.rows(recorded)).toEqual([{ n: reused }]);
  });

  test('has its warehouse beside it where no profile says otherwise, and takes vars and a file from outside', async () => {
    const project = dbtFolder({ 'models/a.sql': "select {{ var('n', 1) }} as n" });
    await project.build();
    expect(await project.rows('select n from main.a')).toEqual([{ n: 1 }]);
    await project.build({}, { vars: { n: 7 } });
    expect(await project.rows('select n from main.a')).toEqual([{ n: 7 }]);
    using opened = openProject({ folder: project.folder, env: {}, warehouse: 'elsewhere.duckdb' });
    expect(opened.project.warehouse.config['path']).toMatch(/elsewhere\.duckdb$/);
    expect(opened.hasWarehouse()).toBe(false);
  });

  test.each([
    [profile('type: snowflake\naccount: x'), 'is a snowflake warehouse'],
    [profile('type: duckdb', 'prod'), 'has no target "prod"'],
    ['other:\n  outputs: {}\n', 'it has no profile "shop"'],
    [profile('type: duckdb\npath: "{{ env_var(\'NOWHERE\') }}"'), 'needs NOWHERE'],
    [profile('type: duckdb\npath: "{{ var(\'nowhere\') }}"'), 'needs nowhere'],
    [profile('type: duckdb\npath: "{{ 1 + 1 }}"'), 'only env_var and var are understood'],
    ['shop: [', 'not valid YAML'],
  ])('of a profile that cannot be used says why: %#', (text, message) => {
    const { folder } = dbtFolder({
      'dbt_project.yml': 'name: shop\nprofile: shop',
      'profiles.yml': text,
    });
    expect(() => openProject({ folder, env: { HOME: folder } })).toThrow(message);
  });

  test('is built where its profile says by variables of the command line and the environment', async () => {
    const { folder } = dbtFolder({
      'dbt_project.yml': `name: shop\nprofile: "{{ env_var('PROFILE', 'shop') }}"\nvars: {schema: unseen}`,
      'profiles.yml': profile(
        `type: duckdb\nschema: "{{ env_var('YEAR') }}"\nthreads: "{{ var('threads', 3) | as_number }}"\npath: "{{ var('stage', 'dev') }}_{{ var('schema', default='plain') }}.duckdb"`,
      ),
    });
    const env = { HOME: folder, YEAR: '2026' };
    const warehouseOf = (vars = {}) => {
      using opened = openProject({ folder, env, vars });
      const { target, warehouse } = opened.project;
      return { schema: target?.schema, ...warehouse.config };
    };
    expect(warehouseOf()).toEqual({ schema: '2026', threads: 3, path: 'dev_plain.duckdb' });
    expect(warehouseOf({ stage: 'test', threads: 2 })).toEqual({
      ...{ schema: '2026', threads: 2, path: 'test_plain.duckdb' },
    });
  });

  test('takes a unique_key that stands in quotes for the name in them', async () => {
    const project = dbtFolder({
      'models/a.sql': `{{ config(materialized='incremental', unique_key='"Id"') }} select 1 as "Id", 2 as n`,
    });
    for (let round = 0; round < 2; round += 1) {
      expect(troubles(await project.build({ withoutReuse: true }))).toEqual([]);
    }
    expect(await project.rows('select * from main.a')).toEqual([{ Id: 1, n: 2 }]);
  });

  test('finds its profile at home, where one of other projects is passed by', () => {
    const { folder } = dbtFolder({ 'dbt_project.yml': 'name: shop\nprofile: shop' });
    const home = join(folder, 'home');
    mkdirSync(join(home, '.dbt'), { recursive: true });
    writeFileSync(join(home, '.dbt', 'profiles.yml'), profile('type: duckdb\nschema: mine'));
    using found = openProject({ folder, env: { HOME: home } });
    expect(found.project.target).toEqual({ name: 'dev', schema: 'mine' });
    writeFileSync(join(home, '.dbt', 'profiles.yml'), 'other: {outputs: {dev: {type: snowflake}}}');
    using other = openProject({ folder, env: { HOME: home } });
    expect(other.project.target).toEqual({ name: 'dev', schema: 'main' });
  });
});
