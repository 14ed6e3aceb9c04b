import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dbtFolder, troubles } from './dbt-project.ts';

/** Built as the ones of packages are: hooks, an intermediate relation, a rename, an answer. */
const stamped = `{% materialization stamped, adapter='duckdb' %}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target_relation = this.incorporate(type='table') -%}
  {%- set intermediate = make_intermediate_relation(target_relation) -%}
  {{ drop_relation_if_exists(load_cached_relation(intermediate)) }}
  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}
  {% call statement('main') -%}
    {{ get_create_table_as_sql(False, intermediate, 'select *, ' ~ config.get('stamp') ~ ' as stamp from (' ~ sql ~ ') as rows_in') }}
  {%- endcall %}
  {% call statement('counted', fetch_result=True) %}select count(*) as n from {{ intermediate }}{% endcall %}
  {% if load_result('counted')['data'][0][0] > config.get('most', 100) %}
    {{ exceptions.raise_compiler_error('too many rows in ' ~ this) }}
  {% endif %}
  {% if existing is not none %}{{ adapter.drop_relation(existing) }}{% endif %}
  {{ adapter.rename_relation(intermediate, target_relation) }}
  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {{ adapter.commit() }}
  {{ run_hooks(post_hooks, inside_transaction=False) }}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}`;

const relations = `select table_name as t from information_schema.tables
  where table_schema = 'main' order by 1`;

describe('a materialization of the project', () => {
  const files = {
    'seeds/feed.csv': 'id\n1\n2\n',
    'macros/stamped.sql': stamped,
    'models/s.sql': `{{ config(materialized='stamped', stamp=7, most=3,
      pre_hook="create table if not exists seen(n int)",
      post_hook=["insert into seen select count(*) from {{ this }}",
        {'sql': 'vacuum', 'transaction': false}]) }}
      select id from {{ ref('feed') }}`,
    'models/after.sql': "select stamp + 1 as more from {{ ref('s') }}",
    'models/schema.yml': 'models:\n  - name: s\n    columns: [{name: id, data_tests: [unique]}]\n',
  };

  test('builds the node with its hooks, and what reads it, though the columns are its own', async () => {
    const project = dbtFolder(files);
    expect(troubles(await project.build())).toEqual([]);
    expect(await project.rows('select id, stamp from s order by id')).toEqual([
      { id: 1, stamp: 7 },
      { id: 2, stamp: 7 },
    ]);
    expect(await project.rows('select distinct more from after')).toEqual([{ more: 8 }]);
    expect(await project.rows('select n from seen')).toEqual([{ n: 2 }]);
    expect((await project.build()).steps.map(({ status }) => status)).not.toContain('success');
    writeFileSync(join(project.folder, 'macros/stamped.sql'), `${stamped} {# changed #}`);
    writeFileSync(join(project.folder, 'macros/other.sql'), '{% macro other() %}{% endmacro %}');
    const again = await project.build();
    expect(again.steps.find(({ id }) => id === 'model.shop.s')?.status).toBe('success');
  });

  test('that throws, or whose rows break a test, leaves everything as it was', async () => {
    const project = dbtFolder(files);
    await project.build();
    writeFileSync(join(project.folder, 'seeds/feed.csv'), 'id\n1\n2\n3\n4\n');
    expect(troubles(await project.build()).join()).toContain('too many rows in "main"."s"');
    writeFileSync(join(project.folder, 'seeds/feed.csv'), 'id\n1\n1\n');
    expect(troubles(await project.build()).join()).toContain('1 row breaks unique_s_id');
    expect(await project.rows('select count(*) as n, max(id) as last from s')).toEqual([
      { n: 2, last: 2 },
    ]);
    expect(await project.rows('select n from seen')).toEqual([{ n: 2 }]);
    expect((await project.rows(relations)).map(({ t }) => t)).toEqual([
      'after',
      'feed',
      's',
      'seen',
    ]);
    writeFileSync(join(project.folder, 'seeds/feed.csv'), 'id\n5\n');
    expect(troubles(await project.build())).toEqual([]);
    expect(await project.rows('select id from s')).toEqual([{ id: 5 }]);
  });

  test.each([
    [
      "{% call statement() %}create table {{ this }} as {{ sql }}; commit{% endcall %}{{ return({'relations': [this]}) }}",
      'one transaction, so "commit" is refused',
    ],
    [
      '{% call statement() %}create table {{ this }} as {{ sql }}{% endcall %}',
      'returned no relations',
    ],
    ["{{ return({'relations': ['x']}) }}", 'returned no relations'],
    ['{{ nowhere.macro() }}', 'nowhere'],
    ['{% call statement() %}create tabel x{% endcall %}', 'syntax error'],
  ])('that goes wrong says how: %s', async (body, message) => {
    const project = dbtFolder({
      'macros/m.sql': `{% materialization mine, default %}${body}{% endmaterialization %}`,
      'models/m.sql': "{{ config(materialized='mine') }}select 1 as id",
    });
    expect(troubles(await project.build()).join()).toContain(message);
    expect(await project.rows(relations)).toEqual([]);
  });

  test('of a package is found, one of the project goes before it, and an unknown one is a fault', async () => {
    const one = (text: string, variant = 'default') =>
      `{% materialization mine, ${variant} %}{% do run_query('create or replace table ' ~ this ~ ' as select \\'${text}\\' as made') %}{{ return({'relations': [this]}) }}{% endmaterialization %}`;
    const project = dbtFolder({
      'packages.yml': 'packages: [{local: pack}]',
      'pack/dbt_project.yml': 'name: pack',
      'pack/macros/m.sql': one('package'),
      'models/a.sql': "{{ config(materialized='mine') }}select 1 as id",
      'models/b.sql': "{{ config(materialized='minee') }}select 1 as id",
    });
    expect(troubles(await project.build()).join()).toContain('"minee"; did you mean "mine"');
    expect(await project.rows('select made from a')).toEqual([{ made: 'package' }]);
    writeFileSync(join(project.folder, 'pack/macros/n.sql'), one('adapter', "adapter='duckdb'"));
    await project.build();
    expect(await project.rows('select made from a')).toEqual([{ made: 'adapter' }]);
  });

  test('may stand in place of ours: a view for every adapter, a table for this one', async () => {
    const made = (name: string, variant: string) =>
      `{% materialization ${name}, ${variant} %}{% do run_query('create or replace table ' ~ this ~ ' as select \\'own\\' as made') %}{{ return({'relations': [this]}) }}{% endmaterialization %}`;
    const project = dbtFolder({
      'macros/v.sql': made('view', 'default'),
      'macros/t.sql': made('table', 'default'),
      'models/v.sql': "select 'ours' as made",
      'models/t.sql': "{{ config(materialized='table') }}select 'ours' as made",
    });
    expect(troubles(await project.build())).toEqual([]);
    expect(await project.rows('select v.made as v, t.made as t from v, t')).toEqual([
      { v: 'own', t: 'ours' },
    ]);
  });
});

test('an override of a macro that only dbt’s own materializations ask is told', async () => {
  const project = dbtFolder({
    'macros/c.sql': '\n{% macro duckdb__create_table_as(temporary, relation, sql) %}{% endmacro %}',
    'models/a.sql': 'select 1 as id',
  });
  const warnings: string[] = [];
  await project.build({ onPlan: (plan) => warnings.push(...plan.warnings) });
  expect(warnings.join()).toMatch(
    /macros\/c\.sql:2:4 the macro "duckdb__create_table_as" is not asked/,
  );
});

test('an incremental strategy of the project says how a batch goes into the table', async () => {
  const project = dbtFolder({
    'models/sources.yml': 'sources: [{name: raw, schema: main, tables: [{name: feed}]}]',
    'macros/insert_new.sql': `{% macro get_incremental_insert_new_sql(args) %}
      {%- set names = get_quoted_csv(args['dest_columns'] | map(attribute='name')) -%}
      insert into {{ args['target_relation'] }} ({{ names }})
      select {{ names }} from {{ args['temp_relation'] }} as fresh
      where not exists (select 1 from {{ args['target_relation'] }} as known
        where known.{{ args['unique_key'] }} = fresh.{{ args['unique_key'] }});
      insert into runs select {{ args['incremental_predicates'] | length }}
    {% endmacro %}`,
    'models/i.sql': `{{ config(materialized='incremental', incremental_strategy='insert_new', unique_key='id',
      incremental_predicates=['true'], pre_hook='create table if not exists runs(n int)') }}
      select id, amount from {{ source('raw', 'feed') }}`,
  });
  await project.run('create table feed as select 1 as id, 5 as amount union all select 2, 6');
  expect(troubles(await project.build())).toEqual([]);
  await project.run(
    'create or replace table feed as select 2 as id, 60 as amount union all select 3, 70',
  );
  expect(troubles(await project.build())).toEqual([]);
  expect(await project.rows('select id, amount from i order by id')).toEqual([
    { id: 1, amount: 5 },
    { id: 2, amount: 6 },
    { id: 3, amount: 70 },
  ]);
  expect(await project.rows('select n from runs')).toEqual([{ n: 1 }]);
});
