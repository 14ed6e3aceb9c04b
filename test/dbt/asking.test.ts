import { describe, expect, test } from 'vitest';
import { dbtFolder, troubles } from './dbt-project.ts';

/** Templates that ask the warehouse, of tables that the same build makes. */
describe('a model whose text follows from rows', () => {
  const pivot = `
{% set kinds = run_query('select distinct kind from ' ~ ref('facts') ~ ' order by 1').columns[0].values() %}
select day {% for kind in kinds %}, sum(amount) filter (where kind = '{{ kind }}') as {{ kind }}{% endfor %}
from {{ ref('facts') }} group by day`;
  const files = {
    'seeds/facts.csv': 'day,kind,amount\n2026-01-01,rent,5\n2026-01-01,food,7\n',
    'models/wide.sql': `{{ config(materialized='table') }}${pivot}`,
    'models/reader.sql': "select food from {{ ref('wide') }}",
    'models/schema.yml':
      'models: [{name: wide, columns: [{name: day, data_tests: [not_null]}]}, {name: reader}]',
  };

  test('is built at its turn on the first build, and so is what reads its columns', async () => {
    const shop = dbtFolder(files);
    expect(troubles(await shop.build())).toEqual([]);
    expect(await shop.rows('select food, rent from main.wide')).toEqual([{ food: 7, rent: 5 }]);
    expect(await shop.rows('select * from main.reader')).toEqual([{ food: 7 }]);
  });

  test('takes up a new column when rows bring one', async () => {
    const shop = dbtFolder(files);
    await shop.build();
    await shop.run("insert into main.facts values (date '2026-01-02', 'fuel', 3)");
    expect(troubles(await shop.build())).toEqual([]);
    expect(await shop.rows('select sum(fuel) as fuel from main.wide')).toEqual([{ fuel: 3 }]);
  });

  test('is told of an unknown column when it is built, not held back before', async () => {
    const shop = dbtFolder({
      ...files,
      'models/reader.sql': "select drink from {{ ref('wide') }}",
    });
    const [trouble, ...more] = troubles(await shop.build());
    expect(trouble).toMatch(/model\.shop\.reader failed: .*drink/);
    expect(more).toEqual([]);
  });

  test('is refused more rows than a process can hold', async () => {
    const shop = dbtFolder({
      'models/counted.sql': `select {{ run_query('from range(1000000000)').rows | length }} as n`,
    });
    const [trouble] = troubles(await shop.build());
    expect(trouble).toMatch(/counted.* more than 500000 rows \(rowsMax\)/);
  });

  test('is added to where it is incremental, though its text differs with every run', async () => {
    const shop = dbtFolder({
      'seeds/facts.csv': 'id,amount\n1,5\n2,7\n',
      'models/copied.sql': `{{ config(materialized='incremental') }}
        select * from {{ ref('facts') }}
        {% if is_incremental() %}
        where id > {{ run_query('select max(id) from ' ~ this).columns[0].values()[0] }}
        {% endif %}`,
    });
    await shop.build();
    await shop.run('update main.copied set amount = 0');
    await shop.run('insert into main.facts values (3, 9)');
    expect(troubles(await shop.build())).toEqual([]);
    expect(await shop.rows('select * from main.copied order by id')).toMatchObject([
      { id: 1, amount: 0 },
      { id: 2, amount: 0 },
      { id: 3, amount: 9 },
    ]);
  });
});

test('a source that only an answer of the warehouse leads to is read, at every run', async () => {
  const shop = dbtFolder({
    'models/sources.yml':
      'sources: [{name: crm, schema: crm, tables: [{name: price}, {name: plan}]}]',
    'models/prices.sql': `{{ config(materialized='table') }}
      {% set found = adapter.get_relation(target.database, 'crm', 'price') if execute %}
      select id from {{ source('crm', 'price' if found else 'plan') }}`,
  });
  await shop.run('create schema crm');
  await shop.run('create table crm.price as select 7 as id');
  expect(troubles(await shop.build())).toEqual([]);
  await shop.run('insert into crm.price values (8)');
  expect(troubles(await shop.build())).toEqual([]);
  expect(await shop.rows('select id from main.prices order by id')).toEqual([{ id: 7 }, { id: 8 }]);
});

describe('a singular test', () => {
  test('that names its model by the words of its name judges the rows about to be published', async () => {
    const shop = dbtFolder({
      'models/m.sql': "{{ config(materialized='table') }} select {{ var('n', 1) }} as n",
      'tests/no_nines.sql': `-- depends_on: {{ ref('m') }}
        {% set found = adapter.get_relation(database=target.database, schema=target.schema, identifier='m') %}
        {% set most = run_query('select max(n) from ' ~ found).columns[0].values()[0] if execute %}
        select n, {{ most }} as most from {{ found }} where n = 9`,
    });
    expect(troubles(await shop.build())).toEqual([]);
    const [trouble] = troubles(await shop.build({}, { vars: { n: 9 } }));
    expect(trouble).toContain('nothing was published: 1 row breaks no_nines');
    expect(await shop.rows('select n from main.m')).toEqual([{ n: 1 }]);
    expect(troubles(await shop.build({}, { vars: { n: 2 } }))).toEqual([]);
    expect(await shop.rows('select n from main.m')).toEqual([{ n: 2 }]);
  });
});

describe('a generic test', () => {
  const columnTest = `{% test has_column(model, wanted) %}
    {% set found = adapter.get_columns_in_relation(model) | map(attribute='name') | list %}
    select 1 as missing where {{ found | length }} = 0 or '{{ wanted }}' not in (
      {% for name in found %}'{{ name }}'{{ ', ' if not loop.last }}{% else %}''{% endfor %})
    {% endtest %}
    {% test rows_at_most(model, most) %}
    {% set counted = run_query('select count(*) from ' ~ model).columns[0].values()[0] %}
    select 1 where {{ counted }} > {{ most }}
    {% endtest %}`;

  test('that asks for the columns or rows of its model is told of those about to be published', async () => {
    const schema = (wanted: string) =>
      `models: [{name: m, data_tests: [{has_column: {arguments: {wanted: ${wanted}}}}, {rows_at_most: {arguments: {most: 2}}}]}]`;
    const shop = dbtFolder({
      'tests/generic/has_column.sql': columnTest,
      'models/m.sql': "{{ config(materialized='table', schema='deep') }} select 1 as a",
      'models/schema.yml': schema('a'),
    });
    expect(troubles(await shop.build())).toEqual([]);
    const other = dbtFolder({
      'tests/generic/has_column.sql': columnTest,
      'models/m.sql':
        "{{ config(materialized='table', schema='deep') }} select unnest([1, 2, 3]) as a",
      'models/schema.yml': schema('b'),
    });
    const [trouble] = troubles(await other.build());
    expect(trouble).toMatch(/has_column.*rows_at_most/);
  });

  test('takes expressions that stand inside lists and maps of its arguments', async () => {
    const shop = dbtFolder({
      'macros/kind.sql': "{% macro kind() %}{{ return('integer') }}{% endmacro %}",
      'tests/generic/says.sql': `{% test says(model, kinds, more) %}
        {% set text = kinds | join('|') ~ more.deep ~ more.none %}
        select 1 where '{{ text }}' <> 'date|integer|1x integerNone'
        {% endtest %}`,
      'models/m.sql': 'select 1 as a',
      'models/schema.yml': `models:
  - name: m
    data_tests:
      - says:
          arguments:
            kinds: [date, "{{ kind() }}", 1]
            more: {deep: "x {{ kind() }}", none: null}`,
    });
    expect(troubles(await shop.build())).toEqual([]);
  });
});

test('of a key that stands twice in YAML the last counts, with a warning', async () => {
  const shop = dbtFolder({
    'models/m.sql': 'select 1 as a',
    'models/schema.yml':
      'models:\n  - name: m\n    config: {tags: [old]}\n    config: {materialized: table}\n',
  });
  expect(troubles(await shop.build())).toEqual([]);
  expect(
    await shop.rows("select table_type from information_schema.tables where table_name = 'm'"),
  ).toEqual([{ table_type: 'BASE TABLE' }]);
});

test('columns a template asked for are asked for again by the next process', async () => {
  const shop = dbtFolder({
    'models/sources.yml': 'sources: [{name: crm, schema: crm, tables: [{name: people}]}]',
    'models/filled.sql': `{{ config(materialized='table') }}
      {% set names = adapter.get_columns_in_relation(source('crm', 'people')) | map(attribute='name') | list %}
      select {{ 'id' if 'id' in names else 'null' }} as id from {{ source('crm', 'people') }}`,
  });
  // The first knows the project and no table; what it rendered must not be what the second builds.
  await shop.build({ select: ['source:crm'] });
  await shop.run('create schema crm');
  await shop.run('create table crm.people as select 7 as id');
  await shop.build({ select: ['source:crm'] });
  expect(troubles(await shop.build())).toEqual([]);
  expect(await shop.rows('select * from main.filled')).toEqual([{ id: 7 }]);
});

test('rows, columns and their names of an answer are cut as Python cuts them', async () => {
  const shop = dbtFolder({
    'models/m.sql': `{{ config(materialized='table') }}
      {% set found = run_query("select * from (values (1, 'a'), (2, 'b'), (3, 'c')) as t(n, s)") %}
      {% if execute %}
      select '{{ found.rows[1:] | map(attribute='s') | join }}' as later,
        '{{ found.rows[0][1:][0] }}' as cells, '{{ found.columns['s'][::-1] | join }}' as turned,
        '{{ found.columns[1:][0].name }}' as of_columns, '{{ found.column_names[:1][0] }}' as names
      {% endif %}`,
  });
  expect(troubles(await shop.build())).toEqual([]);
  expect(await shop.rows('select * from main.m')).toEqual([
    { later: 'bc', cells: 'a', turned: 'cba', of_columns: 's', names: 'n' },
  ]);
});

test('a list or a struct that a query answers is a text of JSON, as in dbt’s tables', async () => {
  const shop = dbtFolder({
    'models/m.sql': `{{ config(materialized='table') }}
      {% set found = run_query("select [1, null, 3] as a, {'k': 'é', 'l': [true]} as s, null::int[] as n") %}
      select {% for column in found.columns %}'{{ column[0] }}' as {{ column.name }}, {% endfor %}
        {{ fromjson(found.columns['a'][0])[2] if execute else 0 }} as third`,
  });
  expect(troubles(await shop.build())).toEqual([]);
  expect(await shop.rows('select * from main.m')).toEqual([
    { a: '[1, null, 3]', s: '{"k": "\\u00e9", "l": [true]}', n: 'None', third: 3 },
  ]);
});
