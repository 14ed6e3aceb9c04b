import { expect, test } from 'vitest';
import { dbtFolder, troubles } from './dbt-project.ts';

test('an empty model is passed by', async () => {
  const shop = dbtFolder({ 'models/later.sql': '\n  \n', 'models/a.sql': 'select 1 as id' });
  const result = await shop.build();
  expect(troubles(result)).toEqual([]);
  expect(result.steps.map(({ id }) => id)).toEqual(['model.shop.a']);
});

test('what is said of a seed under models: is told of, and its tests hold', async () => {
  const shop = dbtFolder({
    'seeds/base.csv': 'id\n1\n1\n',
    'models/s.yml': 'models: [{name: base, columns: [{name: id, data_tests: [unique]}]}]',
  });
  const result = await shop.build();
  expect(troubles(result)[0]).toContain('unique_base_id');
  const warned = await shop.build();
  expect(warned.status).toBe('failed');
});

test('target is a dictionary, as in dbt', async () => {
  const shop = dbtFolder({
    'models/a.sql':
      "select '{{ target.get('nothing', 'none') }}' as a, '{{ target.schema }}' as b, {{ 'type' in target }} as c",
  });
  expect(troubles(await shop.build())).toEqual([]);
  expect(await shop.rows('select * from a')).toEqual([{ a: 'none', b: 'main', c: true }]);
});

test('an empty unique_key is none, and begin may be a datetime', async () => {
  const shop = dbtFolder({
    'models/a.sql': "{{ config(materialized='incremental', unique_key='') }} select 1 as id",
    'models/b.sql': `{{ config(materialized='incremental', incremental_strategy='microbatch',
      event_time='day', batch_size='day', begin=modules.datetime.datetime(2025, 12, 30)) }}
      select timestamp '2025-12-31' as day`,
  });
  expect(troubles(await shop.build())).toEqual([]);
  expect(await shop.rows('select count(*) as n from b')).toEqual([{ n: 1 }]);
});

test('a fixture may begin with an empty line', async () => {
  const shop = dbtFolder({
    'models/a.sql': 'select 1 as "GROUP"',
    'models/b.sql': "select * from {{ ref('a') }}",
    'tests/fixtures/rows.csv': '\nGROUP\n1\n\n2\n',
    'models/s.yml': `unit_tests:
  - name: u
    model: b
    given: [{input: ref('a'), format: csv, fixture: rows}]
    expect: {format: csv, fixture: rows}`,
  });
  expect(troubles(await shop.build())).toEqual([]);
});

test('rows of a unit test name columns in any case', async () => {
  const shop = dbtFolder({
    'models/a.sql': 'select 1 as id',
    'models/b.sql': "select id from {{ ref('a') }}",
    'models/s.yml': `unit_tests:
  - name: u
    model: b
    given: [{input: ref('a'), rows: [{id: 1}, {ID: 2}]}]
    expect: {rows: [{Id: 1}, {iD: 2}]}`,
  });
  expect(troubles(await shop.build())).toEqual([]);
});
