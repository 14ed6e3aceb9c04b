import { describe, expect, test } from 'vitest';
import { compileNode } from '../../engine/declare/compile-node.ts';
import { faultsOf, modelOf, readFiles } from './project-folder.ts';

describe('reading a folder of models', () => {
  test('finds models, their edges and the folders they are built in', async () => {
    const project = await readFiles({
      'models/staging/crm/stg_contact.sql': "select 1 as id, '{{ this }}' as me",
      'models/canonical/contact.sql': "select * from {{ ref('stg_contact') }}",
      'models/root.sql': "select * from {{ ref('shop', 'contact') }}",
    });
    expect(faultsOf(project)).toEqual([]);
    expect(modelOf(project, 'contact').dependsOn).toEqual(['model.shop.stg_contact']);
    expect(modelOf(project, 'root').dependsOn).toEqual(['model.shop.contact']);
    expect(modelOf(project, 'stg_contact').relation).toEqual({
      schema: 'staging',
      name: 'stg_contact',
    });
    expect(modelOf(project, 'root').relation.schema).toBe('main');
    expect(modelOf(project, 'stg_contact').fqn).toEqual(['shop', 'staging', 'crm', 'stg_contact']);
  });

  test('an empty folder is a project without models', async () => {
    const project = await readFiles({});
    expect(project.nodes.size).toBe(0);
    expect(project.faults).toEqual([]);
  });

  test('every fault is reported at once, each at its place, and the rest is read', async () => {
    const project = await readFiles({
      'models/a/good.sql': 'select 1 as id',
      'models/a/broken.sql': 'select 1\n  from {% if %}',
      'models/a/lost.sql': "select *\nfrom {{ ref('goood') }}",
      'models/a/unset.sql': "select {{ var('days') }}",
      'models/a/unknown.sql': 'select {{ nobody() }}',
      'models/a/schema.yml': 'models:\n  - name: good\n    columms: []\n',
      'models/b/beside.sql': 'select 1 as id',
      'models/b/bad.yml': 'models:\n  - name: [good\n',
      'models/a/shape.yml': 'models:\n  - description: no name\n',
    });
    const faults = faultsOf(project);
    expect(modelOf(project, 'good').id).toBe('model.shop.good');
    const unread = faults.filter((one) => one.startsWith('models/b/bad.yml:'));
    expect(unread).toContainEqual(expect.stringContaining('not valid YAML'));
    expect(unread).toContainEqual(expect.stringContaining('may hold tests of what is there'));
    expect(faults).toContain(
      'models/a/lost.sql:2:9 there is no model "goood"; did you mean "good"?',
    );
    expect(faults).toContain(
      'models/a/schema.yml:3:5 unknown key "columms"; did you mean "columns"?',
    );
    expect(faults).toContain('models/a/shape.yml:2:5 "models.0" has no "name"');
    expect(faults.find((one) => one.startsWith('models/a/broken.sql:2:'))).toBeDefined();
    expect(faults.find((one) => one.startsWith('models/a/unset.sql:1:11'))).toContain(
      'the variable "days" is not set',
    );
    expect([...project.broken].sort()).toEqual([
      'model.shop.beside',
      'model.shop.broken',
      'model.shop.lost',
      'model.shop.unset',
    ]);
  });

  test('a cycle is told with its path, for each model in it', async () => {
    const project = await readFiles({
      'models/a.sql': "select * from {{ ref('c') }}",
      'models/b.sql': "select * from {{ ref('a') }}",
      'models/c.sql': "select * from {{ ref('b') }}",
      'models/d.sql': "select * from {{ ref('a') }}",
    });
    expect(faultsOf(project)[0]).toBe(
      'models/a.sql:1:18 models wait for each other: a → b → c → a',
    );
    expect(project.broken.size).toBe(3);
  });

  test('ref to a disabled model says that it is disabled', async () => {
    const project = await readFiles({
      'models/off.sql': '{{ config(enabled=false) }} select 1 as id',
      'models/on.sql': "select * from {{ ref('off') }}",
    });
    expect(faultsOf(project)).toEqual([
      'models/on.sql:1:18 ref(\'off\') names a model that is disabled; see "enabled" for models/off.sql',
    ]);
    expect(project.nodes.has('model.shop.off')).toBe(false);
  });

  test('two models of one name, and two for one table, are faults', async () => {
    const project = await readFiles({
      'models/a/one.sql': 'select 1 as id',
      'models/b/one.sql': 'select 1 as id',
      'models/a/two.sql': "{{ config(alias='one') }} select 1 as id",
    });
    const faults = faultsOf(project).join('\n');
    expect(faults).toContain('the name "one" is taken twice; the other is models/a/one.sql');
    expect(faults).toContain('a.one is already built by models/a/one.sql');
  });

  test('of two files of one name that a template switches, the enabled one is the model', async () => {
    const when = (warehouse: string): string =>
      `{{ config(enabled=(target.type == '${warehouse}')) }}`;
    for (const [first, second] of [
      ['duckdb', 'bigquery'],
      ['bigquery', 'duckdb'],
    ]) {
      const project = await readFiles({
        'models/a/one.sql': `${when(first ?? '')} select '${first}' as id`,
        'models/b/one.sql': `${when(second ?? '')} select '${second}' as id`,
        'models/two.sql': "select * from {{ ref('one') }}",
      });
      expect(faultsOf(project)).toEqual([]);
      const node = modelOf(project, 'one');
      expect(node.file).toBe(`models/${first === 'duckdb' ? 'a' : 'b'}/one.sql`);
      expect((await compileNode(project, node)).sql.trim()).toBe("select 'duckdb' as id");
    }
  });

  test('a model that two files of YAML describe has the tests of both, and a warning', async () => {
    const entry = (test: string, more: string): string =>
      `models: [{name: one, ${more}, columns: [{name: id, data_tests: [${test}]}]}]`;
    const project = await readFiles({
      'models/one.sql': 'select 1 as id',
      'models/a.yml': entry('unique', 'description: first'),
      'models/b.yml': entry('not_null', 'description: second'),
    });
    expect(project.faults).toMatchObject([{ severity: 'warning', file: 'models/b.yml', line: 1 }]);
    expect(project.faults[0]?.message).toContain(
      'described twice; the other entry is at models/a.yml:1',
    );
    const tests = [...project.nodes.values()].filter(({ resourceType }) => resourceType === 'test');
    expect(tests.map(({ name }) => name).sort()).toEqual(['not_null_one_id', 'unique_one_id']);
    expect(modelOf(project, 'one').description).toBe('second');
  });

  test('YAML about a model there is not warns with the one that was meant', async () => {
    const project = await readFiles({
      'models/contact.sql': 'select 1 as id',
      'models/schema.yml':
        'models:\n  - name: contcat\n    columns: [{name: id, tests: [unique]}]\n',
    });
    expect(project.faults).toMatchObject([
      { severity: 'warning', line: 2, column: 11, file: 'models/schema.yml' },
    ]);
    expect(project.faults[0]?.message).toContain('did you mean "contact"?');
  });
});

describe('config', () => {
  test('the file wins over YAML, YAML over its folder, the nearer folder over the farther', async () => {
    const project = await readFiles({
      'models/_config.yml': '+materialized: view\ntags: [all]\nschema: one\n',
      'models/deep/_config.yml': 'materialized: table\n+tags: deep\n',
      'models/deep/a.sql':
        "{{ config(materialized='incremental', unique_key='id', tags='own') }} select 1 as id",
      'models/deep/b.sql': 'select 1 as id',
      'models/deep/c.sql': 'select 1 as id',
      'models/schema.yml':
        'models:\n  - name: a\n    config: {materialized: ephemeral, tags: [yaml]}\n' +
        '  - name: b\n    config: {materialized: ephemeral, schema: two}\n',
    });
    expect(faultsOf(project)).toEqual([]);
    const [a, b, c] = ['a', 'b', 'c'].map((name) => modelOf(project, name));
    expect(a?.nodeConfig).toMatchObject({
      materialization: 'incremental',
      uniqueKey: ['id'],
      tags: ['all', 'deep', 'yaml', 'own'],
    });
    expect(b?.nodeConfig.materialization).toBe('ephemeral');
    expect(b?.relation.schema).toBe('two');
    expect(c?.nodeConfig.materialization).toBe('table');
    expect(c?.relation.schema).toBe('one');
  });

  test('a file of a folder’s config is about what that folder is of', async () => {
    const project = await readFiles({
      'dbt_project.yml': 'name: shop',
      'models/a.sql': 'select 1 as id',
      'seeds/_config.yml': 'tags: [of_seeds]\n',
      'seeds/s.csv': 'id\n1\n',
      'tests/_config.yml': 'severity: warn\n',
      'tests/t.sql': 'select 1 as id where false',
      'analyses/_config.yml': 'materialized: table\ntags: [of_analyses]\n',
      'macros/_config.yml': 'tags: [of_macros]\n',
    });
    expect(faultsOf(project)).toEqual([]);
    const config = (id: string) => project.nodes.get(id)?.config;
    expect(config('model.shop.a')).toEqual({ materialized: 'view' });
    expect(config('seed.shop.s')).toMatchObject({ tags: ['of_seeds'] });
    expect(config('test.shop.t')).toMatchObject({ severity: 'warn' });
  });

  test('a history has its defaults, and what is wrong in it is said', async () => {
    const project = await readFiles({
      'models/h.sql':
        "{{ config(materialized='history', unique_key='id', tracked=['a']) }} select 1",
      'models/no_key.sql': "{{ config(materialized='history') }} select 1",
      'models/twice.sql':
        "{{ config(materialized='history', unique_key=['id', 'day', 'Id']) }} select 1",
      'models/typo.sql': "{{ config(materialized='tabel', refresh_every='often') }} select 1",
    });
    expect(modelOf(project, 'h').nodeConfig.history).toEqual({
      uniqueKey: ['id'],
      validAt: '_modified_at',
      tracked: ['a'],
      changedBy: 'content',
    });
    expect(faultsOf(project)).toEqual([
      'models/no_key.sql:1:24 materialized "history" needs a unique_key',
      'models/twice.sql:1:60 config "unique_key" names "Id" twice',
      expect.stringContaining('"materialized" is "tabel"; did you mean "table"?'),
      'models/typo.sql:1:47 config "refresh_every" is "often"; write a duration such as 24h',
    ]);
  });

  test('hooks keep their templates; config in YAML may be one', async () => {
    const project = await readFiles(
      {
        'models/a.sql': "{{ config(post_hook='analyze {{ this }}') }} select 1 as id",
        'models/b.sql': 'select 1 as id',
        'models/schema.yml':
          'models:\n  - name: b\n    config: {enabled: "{{ var(\'use_b\') }}"}\n',
      },
      { vars: { use_b: false } },
    );
    expect(modelOf(project, 'a').nodeConfig.postHooks).toEqual(['analyze {{ this }}']);
    expect(project.disabled.map(({ id }) => id)).toContain('model.shop.b');
  });
});

describe('sources', () => {
  test('every connection is two of them, and its streams are what they are built from', async () => {
    const project = await readFiles(
      {
        'models/a.sql':
          "select * from {{ source('crm', 'Contact') }} join {{ source('raw_crm', 'Contact') }}",
        'models/b.sql': "select * from {{ source('crm', 'Contcat') }}",
        'models/c.sql': "select * from {{ source('cmr', 'Contact') }}",
      },
      { connections: [{ name: 'crm', streams: ['Contact', 'Account'] }] },
    );
    expect(modelOf(project, 'a').dependsOn).toEqual([
      'source.shop.crm.Contact',
      'source.shop.raw_crm.Contact',
    ]);
    expect(project.graph.parentsOf('source.shop.raw_crm.Contact')).toEqual([]);
    expect(project.nodes.get('source.shop.raw_crm.Contact')).toMatchObject({
      relation: { schema: 'raw_crm', name: 'Contact' },
      streamId: 'extract.crm.Contact',
    });
    expect(faultsOf(project)).toEqual([
      'models/b.sql:1:18 the source "crm" has no table "Contcat"; did you mean "Contact"?',
      'models/c.sql:1:18 there is no source "cmr"; did you mean "crm"?',
    ]);
  });

  test('a declared one has its own schema, identifier, tests and freshness', async () => {
    const project = await readFiles({
      'models/s.yml': `sources:
  - name: erp
    schema: erp_prod
    loaded_at_field: ts
    tables:
      - name: orders
        identifier: ORDERS
        columns: [{name: id, tests: [unique]}]
`,
      'models/a.sql': "select * from {{ source('erp', 'orders') }}",
    });
    expect(faultsOf(project)).toEqual([]);
    expect(project.nodes.get('source.shop.erp.orders')).toMatchObject({
      relation: { schema: 'erp_prod', name: 'ORDERS' },
      config: { loaded_at_field: 'ts' },
    });
    const tests = project.graph.childrenOf('source.shop.erp.orders');
    expect(tests.map((id) => project.nodes.get(id)?.name).sort()).toEqual([
      'a',
      'source_unique_erp_orders_id',
    ]);
  });

  test('streams and syncs given from outside are part of the graph', async () => {
    const base = { packageName: 'shop', tags: [], config: {}, file: 'pipelines.yaml' } as const;
    const project = await readFiles(
      { 'models/a.sql': "select * from {{ source('crm', 'Contact') }}" },
      {
        connections: [{ name: 'crm' }],
        foreign: [
          {
            ...base,
            id: 'extract.crm.Contact',
            resourceType: 'stream',
            name: 'Contact',
            sourceName: 'crm',
            fqn: ['shop', 'crm', 'Contact'],
            dependsOn: [],
          },
          {
            ...base,
            id: 'sync.push',
            resourceType: 'sync',
            name: 'push',
            fqn: ['shop', 'push'],
            dependsOn: ['model.shop.a'],
          },
        ],
      },
    );
    expect([...project.graph.ancestorsOf(['sync.push'])].sort()).toEqual([
      'extract.crm.Contact',
      'model.shop.a',
      'source.shop.crm.Contact',
    ]);
  });
});

describe('what templates may read', () => {
  test('vars, environment, target and packages of macros', async () => {
    const project = await readFiles(
      {
        'models/macros/m.sql': "{% macro twice(x) %}({{ x }} * {{ var('by', 2) }}){% endmacro %}",
        'models/a.sql':
          "select {{ twice('id') }}, {{ var('days') }}, '{{ env_var('REGION', 'eu') }}', '{{ target.name }}'",
      },
      { vars: { days: 30 }, env: {} },
    );
    expect(faultsOf(project)).toEqual([]);
    expect(project.library.find('twice', 'shop')?.id).toBe('macro.shop.twice');
  });

  test('a missing variable or environment variable names itself; a secret one is refused', async () => {
    const project = await readFiles(
      {
        'models/a.sql': "select '{{ env_var('REGION') }}'",
        'models/b.sql': "select '{{ env_var('CRM_API_TOKEN') }}'",
        'models/c.sql': "\n select {{ var('dayz') }}",
      },
      { env: { CRM_API_TOKEN: 'hunter2' }, vars: { days: 1 } },
    );
    const faults = faultsOf(project);
    expect(faults[0]).toContain('models/a.sql:1:12 the environment variable REGION is not set');
    expect(faults[1]).toContain("env_var('CRM_API_TOKEN') looks like a secret");
    expect(faults[2]).toContain('models/c.sql:2:');
    expect(faults[2]).toContain('(set: days)');
    expect(JSON.stringify(faults)).not.toContain('hunter2');
  });

  test('an edge is found in either branch of is_incremental()', async () => {
    const project = await readFiles({
      'models/x.sql': 'select 1 as id',
      'models/y.sql': 'select 1 as id',
      'models/a.sql':
        "{{ config(materialized='incremental') }} select * from " +
        "{% if is_incremental() %}{{ ref('x') }}{% else %}{{ ref('y') }}{% endif %}",
    });
    expect(modelOf(project, 'a').dependsOn.toSorted()).toEqual(['model.shop.x', 'model.shop.y']);
  });

  test('raise_compiler_error is a fault of the model that called it', async () => {
    const project = await readFiles({
      'macros/m.sql':
        "{% macro stop() %}{{ exceptions.raise_compiler_error('no way') }}{% endmacro %}",
      'models/a.sql': 'select {{ stop() }}',
    });
    const message = 'no way (in macro stop, called at models/a.sql:1:11)';
    expect(project.faults[0]).toMatchObject({ message, nodeId: 'model.shop.a' });
  });
});
