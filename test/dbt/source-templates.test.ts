import { expect, test } from 'vitest';
import { dbtFolder, troubles } from './dbt-project.ts';

const files = {
  'dbt_project.yml': `
name: shop
version: "1.0"
vars: {crm_schema: landed, uses_leads: false, id_type: bigint}
seeds: {shop: {people: {+column_types: {id: "{{ var('id_type') }}"}}}}`,
  'seeds/people.csv': 'id\n1\n',
  'models/sources.yml': `
sources:
  - name: crm
    schema: "{{ var('crm_schema', 'crm') }}"
    tables:
      - name: people
        identifier: "{% if target.type == 'snowflake' %}PEOPLE{% else %}{{ var('crm_people', 'people_data') }}{% endif %}"
      - name: leads
        config: {enabled: "{{ var('uses_leads', true) }}"}
        data_tests: [{missing_table: {}}]`,
  'models/read.sql': "select * from {{ source('crm', 'people') }}",
};

test('a source’s schema, table and switch may be left to variables', async () => {
  const shop = dbtFolder({
    ...files,
    'models/sources.yml': files['models/sources.yml'].replace(/\n *data_tests.*$/, ''),
  });
  await shop.run('create schema landed');
  await shop.run('create table landed.people_data as select 7 as id');
  expect(troubles(await shop.build())).toEqual([]);
  expect(await shop.rows('select * from main.read')).toEqual([{ id: 7 }]);
  expect(
    await shop.rows("select data_type as type from duckdb_columns() where table_name = 'people'"),
  ).toEqual([{ type: 'BIGINT' }]);
});

test('what a switched-off source holds is not there to be read', async () => {
  const shop = dbtFolder({
    ...files,
    'models/sources.yml': files['models/sources.yml'].replace(/\n *data_tests.*$/, ''),
    'models/read.sql': "select * from {{ source('crm', 'leads') }}",
  });
  const [trouble] = troubles(await shop.build());
  expect(trouble).toMatch(/the source "crm" has no table "leads"/);
});

test('a template in a source that fails is told at its table', async () => {
  const shop = dbtFolder({
    'models/sources.yml':
      'sources:\n  - name: crm\n    schema: "{{ nothing_known() }}"\n    tables:\n      - name: people\n',
    'models/read.sql': "select * from {{ source('crm', 'people') }}",
  });
  await expect(shop.build()).resolves.toMatchObject({ status: 'failed' });
});

test('data is written and read as text by dbt’s functions, with a default for what cannot be', async () => {
  const shop = dbtFolder({
    'models/data.sql': `{{ config(materialized='table') }}
      {% set text = tojson({'b': 1, 'a': [none, true]}, sort_keys=true) %}
      select '{{ text }}' as json, '{{ fromjson(text).a[1] }}' as back,
        '{{ fromjson('nope', 'fell back') }}' as fallback,
        '{{ fromyaml('k: [1, yes]').k }}' as yaml,
        {{ set_strict([1, 1, 2]) | length }} as size,
        '{{ modules.re.compile('''(?ix)
          (from|join)\\s+   # a word
          ([a-z]+)          # a name
        ''').findall('select 1 FROM orders join rows') }}'.replace('''', '') as found`.replace(
      "}}'.replace('''', '') as found",
      "| string | replace(\"'\", '') }}' as found",
    ),
  });
  expect(troubles(await shop.build())).toEqual([]);
  expect(await shop.rows('select * from main.data')).toEqual([
    {
      json: '{"a": [null, true], "b": 1}',
      back: 'True',
      fallback: 'fell back',
      yaml: '[1, True]',
      size: 2,
      found: '[(FROM, orders), (join, rows)]',
    },
  ]);
});
