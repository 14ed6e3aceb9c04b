import { describe, expect, test } from 'vitest';
import type { RunOptions } from '../../cli/work.ts';
import { dbtFolder, troubles } from './dbt-project.ts';

const shown = `select table_schema || '.' || table_name || ' ' || table_type as t
  from information_schema.tables where table_schema like '%audit%' or table_schema = 'main_kept'
  order by 1`;

/** A model of five numbers and the tests written for it. */
function numbers(tests: string, more: Readonly<Record<string, string>> = {}) {
  return dbtFolder({
    'models/n.sql':
      "{{ config(materialized='table') }}select range as n, 'x' || range as t from range(5)",
    'models/schema.yml': `models:\n  - name: n\n    data_tests:\n${tests}`,
    'tests/generic/above.sql': `{% test above(model, column_name='n', least=0) %}
      select * from {{ model }} where {{ column_name }} > {{ least }}
    {% endtest %}`,
    ...more,
  });
}

describe('failing rows', () => {
  test('are kept in dbt’s schema, in a table or a view, as config or the flag say', async () => {
    const project = numbers(
      `      - above: {name: as_table, arguments: {least: 2}, config: {store_failures: true, severity: warn}}
      - above: {name: as_view, arguments: {least: 3}, config: {store_failures_as: view, severity: warn, schema: kept, alias: seen}}
      - above: {name: never, arguments: {least: 1}, config: {store_failures_as: ephemeral, severity: warn}}
      - above: {name: not_told, arguments: {least: 9}, config: {limit: 1}}
`,
    );
    const result = await project.build();
    expect(troubles(result).join()).toContain('kept in main_dbt_test__audit.as_table');
    expect((await project.rows(shown)).map(({ t }) => t)).toEqual([
      'main_dbt_test__audit.as_table BASE TABLE',
      'main_kept.seen VIEW',
    ]);
    expect(await project.rows('select * from main_dbt_test__audit.as_table order by n')).toEqual([
      { n: 3, t: 'x3' },
      { n: 4, t: 'x4' },
    ]);
    expect(await project.rows('select n from main_kept.seen')).toEqual([{ n: 4 }]);
    await project.build({ storeFailures: true, kinds: new Set(['check']) } satisfies RunOptions);
    expect(await project.rows('select * from main_dbt_test__audit.not_told')).toEqual([]);
    expect((await project.rows(shown)).map(({ t }) => t)).not.toContain('never');
  });

  test('of a table that was withheld are kept, though the table itself is not there', async () => {
    const project = numbers(
      '      - above: {name: gate, arguments: {least: 1}, config: {store_failures: true, limit: 2}}\n',
    );
    expect(troubles(await project.build())[0]).toContain('2 rows break gate');
    expect(await project.rows('select count(*) as c from main_dbt_test__audit.gate')).toEqual([
      { c: 2 },
    ]);
    expect(
      await project.rows("select 1 from information_schema.tables where table_name = 'n'"),
    ).toEqual([]);
  });

  test('of an increment that rolled back are kept with their types', async () => {
    const project = dbtFolder({
      'models/sources.yml': 'sources: [{name: raw, schema: main, tables: [{name: feed}]}]',
      'models/grown.sql': `{{ config(materialized='incremental', unique_key='id') }}
        select id::bigint as id, amount::decimal(9,2) as amount, date '2026-01-02' as day,
          timestamp '2026-01-02 03:04:05' as at, [1, 2] as list, {'a': 1} as map, null::varchar as nothing
        from {{ source('raw', 'feed') }}`,
      'models/schema.yml': `models:
  - name: grown
    columns:
      - name: id
        data_tests: [{unique: {config: {store_failures: true}}}]
      - name: amount
        data_tests: [{positive: {config: {store_failures: true}}}]
`,
      'tests/generic/positive.sql': `{% test positive(model, column_name) %}
        select * from {{ model }} where {{ column_name }} < 0
      {% endtest %}`,
    });
    await project.run('create table feed as select 1 as id, 5 as amount');
    expect(troubles(await project.build())).toEqual([]);
    await project.run('create or replace table feed as select 2 as id, -7 as amount');
    expect(troubles(await project.build())[0]).toContain('1 row breaks positive');
    expect(await project.rows('select count(*) as c from grown')).toEqual([{ c: 1 }]);
    const [table] = await project.rows(
      "select table_name as t from information_schema.tables where table_name like 'positive%'",
    );
    expect(
      await project.rows(`select * from main_dbt_test__audit.${String(table?.['t'])}`),
    ).toEqual([
      {
        id: 2,
        amount: '-7.00',
        day: '2026-01-02',
        at: '2026-01-02T03:04:05.000Z',
        list: [1, 2],
        map: { a: 1 },
        nothing: null,
      },
    ]);
  });
});

describe('how failures are counted and judged', () => {
  test.each([
    ['error_if: "> 3", warn_if: "> 1"', 'warn', '3 rows'],
    ['error_if: ">= 3", warn_if: "> 1"', 'failed', '3 rows'],
    ['error_if: "> 3", warn_if: "> 5"', 'success', ''],
    ['severity: warn, error_if: "> 0"', 'warn', '3 rows'],
    ['fail_calc: "sum(n)", error_if: "> 8"', 'failed', 'sum(n) of above_n_1 is 9'],
    [
      'fail_calc: "max(n)", error_if: "> 4 or max(n) < 0", warn_if: "= 4"',
      'warn',
      'max(n) of above_n_1 is 4',
    ],
    ['limit: 2, error_if: "> 2"', 'warn', '2 rows'],
    ['where: "n < 3"', 'failed', '1 row '],
    ['where: "n < {{ var(\'most\') }}"', 'failed', '2 rows'],
    ["severity: \"{{ 'warn' if target.name == 'dev' else 'error' }}\"", 'warn', '3 rows'],
    ['enabled: "{{ var(\'most\') > 100 }}"', 'success', ''],
  ])('%s', async (config, status, message) => {
    const project = numbers(`      - above: {arguments: {least: 1}, config: {${config}}}\n`, {
      'dbt_project.yml': 'name: shop\nvars: {most: 4}\n',
    });
    const [step] = (await project.build()).steps;
    expect(step?.status).toBe(status);
    expect(step?.message).toContain(message);
  });

  test('a project’s own get_where_subquery narrows what is tested', async () => {
    const project = numbers('      - above: {config: {where: "__few__"}}\n', {
      'macros/where.sql': `{% macro get_where_subquery(relation) -%}
        {% set where = config.get('where') %}
        {% if where == '__few__' %}(select * from {{ relation }} where n < 3) few{% else %}{{ relation }}{% endif %}
      {%- endmacro %}`,
    });
    expect(troubles(await project.build())[0]).toContain('2 rows break');
  });

  test('config that cannot be used is a fault at the test’s line', async () => {
    const project = numbers(
      '      - above: {config: {severity: fatal, limit: few, store_failures_as: file}}\n',
    );
    const text = troubles(await project.build()).join('\n');
    for (const part of [
      '"severity" is "fatal"',
      '"limit" is "few"',
      '"store_failures_as" is "file"',
    ]) {
      expect(text).toContain(part);
    }
  });
});

test('a test that is excluded holds nothing back, and a broken one lets nothing pass', async () => {
  const project = numbers('      - above: {name: gate}\n');
  expect(troubles(await project.build({ exclude: ['test_name:above'] }))).toEqual([]);
  const broken = numbers(
    '      - above: {name: gate, arguments: {least: "{{ ref(\'none\') }}"}}\n',
  );
  const [trouble] = troubles(await broken.build());
  expect(trouble).toMatch(/model\.shop\.n failed: models\/schema\.yml:4:9 .*"none"/);
});
