import { expect, test } from 'vitest';
import { dbtFolder, troubles } from './dbt-project.ts';

const model = (text: string) => `{{ config(materialized='table') }} ${text}`;
const intoMain = '{% macro generate_schema_name(custom, node) %}main{% endmacro %}';

const testsOf = (...names: string[]) =>
  `models: [{name: m, columns: [{name: n, data_tests: [${names.join(', ')}]}]}]`;

const kept = (kind: string, name: string, alias: string) =>
  `{${kind}: {name: ${name}, config: {store_failures: true, alias: ${alias}}}}`;

test('failing rows never take the place of a model or of another test’s', async () => {
  const project = dbtFolder({
    'macros/into_main.sql': intoMain,
    'models/m.sql': model('select 1 as n'),
    'models/audit.sql': model('select 1 as mine'),
    'models/s.yml': testsOf(
      kept('not_null', 'first', 'Audit'),
      kept('unique', 'second', 'spare'),
      kept('not_null', 'third', 'spare'),
    ),
  });
  const [told = '', third = '', ...others] = troubles(await project.build());
  expect(others).toEqual([]);
  expect(third).toMatch(/^test\.shop\.third\S+ failed: .*written by test\.shop\.second/);
  expect(told).toContain('model.shop.m failed');
  expect(told).toMatch(
    /the failing rows of first would take the place of main\.audit, which is written by models\/audit\.sql/,
  );
  expect(await project.rows('from main.audit')).toEqual([{ mine: 1 }]);
  const { steps } = await project.build({ kinds: new Set(['check']) });
  expect(steps.map(({ id, code }) => `${id.split('.')[2]} ${code}`).toSorted()).toEqual([
    'first relation-taken',
    'second relation-not-found',
    'third relation-taken',
  ]);
});

test('with --store-failures as well, and not where no rows are kept', async () => {
  const project = dbtFolder({
    'macros/into_main.sql': intoMain,
    'models/m.sql': model('select 1 as n'),
    'models/taken.sql': model('select 1 as mine'),
    'models/s.yml': testsOf('{not_null: {name: taken}}'),
  });
  expect(troubles(await project.build())).toEqual([]);
  expect(troubles(await project.build({ storeFailures: true })).join()).toContain(
    'would take the place of main.taken',
  );
  expect(await project.rows('from main.taken')).toEqual([{ mine: 1 }]);
});

test('no model takes the place of what stands beside an identity, or of what the engine keeps', async () => {
  const project = dbtFolder({
    'macros/as_written.sql':
      '{% macro generate_schema_name(custom, node) %}{{ custom or target.schema }}{% endmacro %}',
    'models/who.sql': `{{ config(materialized='identity', canonical_id='who_id', id_prefix='who',
      record_id='id', rules=[{'name': 'g', 'exact': 'g', 'score': 0.9}]) }}
      select 'crm' as system, '1' as id, 'x' as g`,
    'models/who_ids.sql': model('select 1 as mine'),
    'models/nodes.sql': `{{ config(materialized='table', schema='Tidemill') }} select 1 as mine`,
    'models/good.sql': model('select 1 as n'),
  });
  expect(troubles(await project.build())).toEqual([
    expect.stringContaining("the schema Tidemill is the engine's own"),
    expect.stringContaining('main.who_ids is already built by models/who.sql'),
  ]);
  expect(await project.rows('from main.good')).toEqual([{ n: 1 }]);
  expect(await project.rows('select count(*) as n from main.who_ids')).toEqual([{ n: 1 }]);
});
