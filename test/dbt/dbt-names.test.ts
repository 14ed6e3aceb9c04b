import { expect, test } from 'vitest';
import { graphValue } from '../../engine/declare/graph-value.ts';
import { parseTemplate } from '../../engine/declare/jinja/parse-template.ts';
import { renderTemplate } from '../../engine/declare/jinja/render-template.ts';
import { dbtFolder, troubles } from './dbt-project.ts';

test('graph shows every node, source and their config to a template that asks', async () => {
  const shop = dbtFolder({
    'seeds/rates.csv': 'a\n1\n',
    'models/one.sql': "{{ config(tags=['daily']) }} select 1 as a",
    'models/schema.yml': `
sources: [{name: crm, schema: main, tables: [{name: rates}]}]
models: [{name: one, columns: [{name: a, data_tests: [not_null]}]}]`,
    'models/listed.sql': `{{ config(materialized='table') }}
      {% if execute %}{% for node in graph.nodes.values() | sort(attribute='unique_id') %}
      select '{{ node.resource_type }}' as kind, '{{ node.name }}' as name,
        '{{ node.config.materialized }}' as made, '{{ node.tags | join(',') }}' as tags
      {{ 'union all' if not loop.last }}{% endfor %}
      union all select 'source', '{{ graph.sources['source.shop.crm.rates'].name }}', '', ''
      {% endif %}`,
  });
  expect(troubles(await shop.build())).toEqual([]);
  expect(await shop.rows('select kind, name, made, tags from main.listed order by all')).toEqual([
    { kind: 'model', name: 'listed', made: 'table', tags: '' },
    { kind: 'model', name: 'one', made: 'view', tags: 'daily' },
    { kind: 'seed', name: 'rates', made: 'seed', tags: '' },
    { kind: 'source', name: 'rates', made: '', tags: '' },
    { kind: 'test', name: 'not_null_one_a', made: 'test', tags: '' },
  ]);
});

test('whole numbers of a seed are INTEGER as in dbt, and BIGINT where they would not fit', async () => {
  const shop = dbtFolder({
    'seeds/numbers.csv':
      'small,large,edge,written,empty\n1,2147483648,-2147483647,1,\n2,1,2147483647,2,\n',
    'seeds/seeds.yml':
      'seeds: [{name: numbers, config: {column_types: {written: "decimal(9,2)"}}}]',
    'models/promised.sql': "select small, written from {{ ref('numbers') }}",
    'models/schema.yml': `models:
  - name: promised
    config: {materialized: table, contract: {enforced: true}}
    columns: [{name: small, data_type: integer}, {name: written, data_type: "decimal(9,2)"}]`,
  });
  expect(troubles(await shop.build())).toEqual([]);
  expect(
    await shop.rows(
      "select column_name as name, data_type as type from information_schema.columns where table_name = 'numbers' order by ordinal_position",
    ),
  ).toEqual([
    { name: 'small', type: 'INTEGER' },
    { name: 'large', type: 'BIGINT' },
    { name: 'edge', type: 'INTEGER' },
    { name: 'written', type: 'DECIMAL(9,2)' },
    { name: 'empty', type: 'INTEGER' },
  ]);
});

test('cells of a seed are what dbt makes of them, between the delimiter of its config', async () => {
  const shop = dbtFolder({
    'seeds/rows.csv': 'code;one;day;at;text\n007; 1.0;2026-1-5;2026-01-05 10:11:12.5;"a;b"\n',
    'seeds/seeds.yml': 'seeds: [{name: rows, config: {delimiter: ";"}}]',
  });
  expect(troubles(await shop.build())).toEqual([]);
  expect(await shop.rows('select * replace (cast(day as varchar) as day) from main.rows')).toEqual([
    { code: 7, one: 1, day: '2026-01-05', at: '2026-01-05 10:11:12.5', text: 'a;b' },
  ]);
});

test('a seed’s delimiter is one character', async () => {
  for (const [written, shown] of [
    ['""', '""'],
    ['"||"', '"||"'],
    ['0', '0'],
  ]) {
    const shop = dbtFolder({
      'seeds/rows.csv': 'a,b\n1,2\n',
      'seeds/seeds.yml': `seeds: [{name: rows, config: {delimiter: ${written}}}]`,
    });
    const [told] = troubles(await shop.build());
    expect(told).toContain(`config "delimiter" is ${shown}; write one character`);
  }
});

test('types of a seed’s columns are gathered from the project, its folders and the YAML', async () => {
  const shop = dbtFolder({
    'dbt_project.yml': `name: shop
profile: shop
seeds:
  +column_types: {a: bigint, b: bigint}
  shop: {far: {+column_types: {b: double, c: varchar}}}`,
    'seeds/far/rows.csv': 'a,b,c,d\n1,2,3,4\n',
    'seeds/far/seeds.yml': 'seeds: [{name: rows, config: {column_types: {d: "decimal(9,2)"}}}]',
  });
  expect(troubles(await shop.build())).toEqual([]);
  expect(
    await shop.rows(
      "select string_agg(data_type, ' ' order by ordinal_position) as types from information_schema.columns where table_name = 'rows'",
    ),
  ).toEqual([{ types: 'BIGINT DOUBLE VARCHAR DECIMAL(9,2)' }]);
});

test('a source may name the table a seed makes, on every build', async () => {
  const shop = dbtFolder({
    'seeds/rates.csv': 'a\n1\n',
    'models/schema.yml': 'sources: [{name: crm, schema: main, tables: [{name: rates}]}]',
    'models/read.sql':
      "-- depends_on: {{ ref('rates') }}\nselect * from {{ source('crm', 'rates') }}",
    'models/both.sql':
      "select r.a from {{ ref('rates') }} as r join {{ source('crm', 'rates') }} using (a)",
  });
  expect(troubles(await shop.build())).toEqual([]);
  expect(troubles(await shop.build())).toEqual([]);
  expect(await shop.rows('select * from main.both')).toEqual([{ a: 1 }]);
});

test('macros of dbt that are functions here are found in its namespace, and types print as dbt’s', async () => {
  const shop = dbtFolder({
    'seeds/rates.csv': 'name,amount,at\nx,1.50,2026-01-01\n',
    'seeds/seeds.yml': 'seeds: [{name: rates, config: {column_types: {amount: "decimal(9,2)"}}}]',
    'models/seen.sql': `{{ config(materialized='table') }}
      {% set answer = dbt.run_query('select name from ' ~ ref('rates')) %}
      {% set columns = adapter.get_columns_in_relation(ref('rates')) %}
      select '{{ answer.columns[0].values()[0] }}' as answer,
        '{{ columns | map(attribute='data_type') | join(' ') }}' as types,
        '{% for column in columns %}{{ column.is_string() }} {{ column.is_number() }} {% endfor %}' as claims`,
  });
  expect(troubles(await shop.build())).toEqual([]);
  expect(await shop.rows('select * from main.seen')).toEqual([
    {
      answer: 'x',
      types: 'character varying(256) DECIMAL(9,2) DATE',
      claims: 'True False False False False False ',
    },
  ]);
});

test('a unit test of some versions runs once for each, and a select needs no known columns', async () => {
  const shop = dbtFolder({
    'models/score_v1.sql': "select a as score from {{ source('crm', 'late') }}",
    'models/score_v2.sql': "select a * 10 as score from {{ source('crm', 'late') }}",
    'models/schema.yml': `
sources: [{name: crm, schema: crm, tables: [{name: late}]}]
models:
  - name: score
    latest_version: 2
    versions: [{v: 1}, {v: 2}]
unit_tests:
  - name: tenfold
    model: score
    versions: {include: [2]}
    given: [{input: "source('crm', 'late')", format: sql, rows: select 2 as a}]
    expect: {rows: [{score: 20}]}
  - name: as_it_is
    model: score
    versions: {exclude: [2]}
    given: [{input: "source('crm', 'late')", format: sql, rows: select 2 as a}]
    expect: {rows: [{score: 2}]}`,
  });
  const { steps } = await shop.build({ select: ['test_type:unit'] });
  expect(steps.map(({ id, status }) => `${id} ${status}`).sort()).toEqual([
    'unit_test.shop.score.as_it_is_v1 success',
    'unit_test.shop.score.tenfold_v2 success',
  ]);
});

test('config answers an empty text while files are read, as in dbt, and the config when built', async () => {
  const shop = dbtFolder({
    'models/a.sql': `{{ config(tags=['late']) }}
      {% if 'late' in config.get('tags', []) and graph.nodes | length == 0 %}
      {{ exceptions.raise_compiler_error('the graph is asked too early') }}
      {% endif %}
      select '{{ config.require('tags') | join }}' as tags,
        '{{ invocation_args_dict.which }} {{ 'vars' in invocation_args_dict }}' as args`,
  });
  expect(troubles(await shop.build())).toEqual([]);
  expect(await shop.rows('select * from main.a')).toEqual([{ tags: 'late', args: 'build True' }]);
});

test('graph is made for templates once, however often they look into it', async () => {
  let made = 0;
  const nodes = {
    get one() {
      made += 1;
      return { name: 'one' };
    },
  };
  const plain = { nodes };
  const look = async (): Promise<string> => {
    const graph = graphValue(async () => plain);
    const globals = { get: (name: string) => (name === 'graph' ? graph : undefined) };
    const text = '{{ graph.nodes.one.name }} {{ graph.get("nodes")["one"].name }}';
    return await renderTemplate(parseTemplate(text, { file: 'g.sql' }), { globals });
  };
  expect([await look(), await look()]).toEqual(['one one', 'one one']);
  expect(made).toBe(1);
});

test('what only an increment may render is no matter of a view or a table', async () => {
  const shop = dbtFolder({
    'models/whole.sql': `{{ config(materialized='table') }} select 1 as n
      {% if is_incremental() %}{% do exceptions.raise_compiler_error('it is added to') %}{% endif %}`,
    'models/seen.sql': `select 1 as n
      {% if is_incremental() %} from {{ ref('whole') }} where lost > 1 {% endif %}`,
    'models/added.sql': `{{ config(materialized='incremental') }} select 1 as n
      {% if is_incremental() %} where 1 > (select max(n) from {{ ref('whole') }}) {% endif %}`,
    'tests/yaml.sql': `{% set texts = [toyaml({'b': 2, 'a': 1}), toyaml({'b': 2, 'a': 1}, sort_keys=true)] %}
      select 1 where {{ texts != ['b: 2\\na: 1\\n', 'a: 1\\nb: 2\\n'] }}`,
  });
  for (const options of [{}, { withoutReuse: true }, { fullRefresh: true }]) {
    expect(troubles(await shop.build(options))).toEqual([]);
  }
  const { steps } = await shop.build({ select: ['+added'] });
  expect(steps.map(({ id }) => id)).toEqual(['model.shop.whole', 'model.shop.added']);
});
