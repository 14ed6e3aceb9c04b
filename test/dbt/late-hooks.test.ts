import { describe, expect, test } from 'vitest';
import { dbtFolder, troubles } from './dbt-project.ts';

const said = 'select what from said order by n';

describe('hooks of a node', () => {
  test('are rendered when their turn comes: what they ask is as those before them left it', async () => {
    const project = dbtFolder({
      'dbt_project.yml': `name: shop
on-run-start:
  - "create sequence if not exists steps; create table if not exists said (n bigint default nextval('steps'), what varchar)"
models:
  shop:
    +pre-hook: "{{ say('project: ' ~ rows_of(this)) }}"
`,
      'macros/say.sql': `{% macro say(what) %}insert into said (what) values ('{{ what }}'){% endmacro %}
{% macro rows_of(relation) -%}
  {%- if execute -%}
    {%- if adapter.get_relation(relation.database, relation.schema, relation.identifier) is none -%}none
    {%- else -%}{{ run_query('select count(*) as n from ' ~ relation).columns[0].values()[0] }}{%- endif -%}
  {%- endif -%}
{%- endmacro %}`,
      'models/numbers.sql': `{{ config(materialized='incremental',
          pre_hook=["{{ say('pre: ' ~ is_incremental()) }}"],
          post_hook=["{{ say('post: ' ~ rows_of(this)) }}", "delete from {{ this }} where n = 1; {{ say('one less') }}",
            "{{ say('again: ' ~ rows_of(this)) }}", "{% if is_incremental() %}{{ say('added') }}{% endif %}"]) }}
        select unnest(range(3)) as n`,
    });
    expect(troubles(await project.build())).toEqual([]);
    expect((await project.rows(said)).map(({ what }) => what)).toEqual([
      'project: none',
      'pre: False',
      'post: 3',
      'one less',
      'again: 2',
    ]);
  });

  test('may write by run_query and ask for what they wrote; nested quotes are theirs', async () => {
    const project = dbtFolder({
      'macros/copy.sql': `{% macro copy(relation) %}
        {% do run_query("create table if not exists copies (n integer, place varchar)") %}
        {% do run_query("insert into copies select n, '{{ not mine }}' from " ~ relation) %}
        {% set seen = run_query('select count(*) from copies').columns[0].values()[0] %}
        insert into copies values ({{ seen * 100 }}, '{{ relation.identifier }}')
      {% endmacro %}`,
      'models/a.sql':
        "{{ config(materialized='table', post_hook='{{ copy(this) }}') }} select 7 as n",
    });
    expect(troubles(await project.build())).toEqual([]);
    expect(await project.rows('select * from copies order by n')).toEqual([
      { n: 7, place: '{{ not mine }}' },
      { n: 100, place: 'a' },
    ]);
  });

  test('that stand outside of the transaction come first before, and last after', async () => {
    const project = dbtFolder({
      'dbt_project.yml': `name: shop
on-run-start: "create sequence if not exists steps; create table if not exists said (n bigint default nextval('steps'), what varchar)"`,
      'macros/say.sql':
        "{% macro say(what) %}insert into said (what) values ('{{ what }}'){% endmacro %}",
      'models/a.sql': `{{ config(
        pre_hook=["{{ say('in') }}", before_begin("{{ say('before') }}")],
        post_hook=[after_commit("{{ say('after ' ~ this.identifier) }}"), {'sql': "{{ say('out') }}", 'transaction': true}]) }} select 7 as n`,
    });
    expect(troubles(await project.build())).toEqual([]);
    expect((await project.rows(said)).map(({ what }) => what)).toEqual([
      'before',
      'in',
      'out',
      'after a',
    ]);
  });

  test('make an edge of what they read, and none to the node itself', async () => {
    const project = dbtFolder({
      'models/a.sql': `{{ config(materialized='table',
        post_hook="insert into {{ ref('a') }} select n from {{ ref('z') }}") }} select 1 as n`,
      'models/z.sql': "{{ config(materialized='table') }} select 2 as n",
    });
    expect(troubles(await project.build())).toEqual([]);
    expect(await project.rows('select n from a order by n')).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test('that fail before the build keep it from beginning; after it, the node runs again', async () => {
    const project = dbtFolder({
      'models/early.sql':
        "{{ config(materialized='table', pre_hook='{{ exceptions.raise_compiler_error(\"not now\") }}') }} select 1 as n",
      'models/late.sql':
        "{{ config(materialized='table', post_hook='insert into nothing_here values (1)') }} select 1 as n",
    });
    const first = await project.build();
    expect(troubles(first).sort()).toEqual([
      expect.stringContaining('early failed: models/early.sql:1:15 not now'),
      expect.stringContaining('nothing_here'),
    ]);
    expect(await project.rows('select count(*) as n from late')).toEqual([{ n: 1 }]);
    expect(
      await project.rows("select 1 from information_schema.tables where table_name = 'early'"),
    ).toEqual([]);
    expect(troubles(await project.build())).toHaveLength(2);
  });
});

test('what reads a column that a hook adds is not held against the select', async () => {
  const shop = dbtFolder({
    'dbt_project.yml': `name: shop
seeds:
  +post-hook: ['alter table {{ this }} add column added int', 'update {{ this }} set added = 1']
`,
    'seeds/base.csv': 'id\n1\n',
    'models/reader.sql': "select added from {{ ref('base') }}",
    'models/s.yml': 'seeds: [{name: base, columns: [{name: added, data_tests: [not_null]}]}]',
  });
  expect(troubles(await shop.build({ resourceTypes: ['seed', 'model'] }))).toEqual([]);
  expect(await shop.rows('select added from reader')).toEqual([{ added: 1 }]);
  expect(troubles(await shop.build({ kinds: new Set(['check']) }))).toEqual([]);
});
