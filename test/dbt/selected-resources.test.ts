import { expect, test } from 'vitest';
import type { RunResult } from '../../engine/run/run-plan.ts';
import { tidemill } from '../artifacts/command-line.ts';
import { type DbtFolder, dbtFolder, troubles } from './dbt-project.ts';

const files = {
  'models/told.sql': "select '{{ selected_resources | sort | join(' ') }}' as ids",
  'models/a.sql': 'select 1 as id',
  'models/s.yml': `models: [{name: a, columns: [{name: id, data_tests: [not_null]}]}]
sources: [{name: raw, schema: main, tables: [{name: told}]}]
exposures: [{name: page, type: dashboard, owner: {email: a@b.c}, depends_on: [ref('a')]}]
unit_tests: [{name: one, model: a, given: [], expect: {rows: [{id: 1}]}}]`,
  'seeds/codes.csv': 'code\n1\n',
};
const all = 'model.shop.a model.shop.told seed.shop.codes test.shop.not_null_a_id.';

const statusesOf = ({ steps }: RunResult) =>
  Object.fromEntries(steps.map(({ id, status }) => [id, status]));

async function told(project: DbtFolder): Promise<string> {
  const [row] = await project.rows('select ids from main.told');
  return String(row?.['ids']).replace(/\.[0-9a-f]{10}$/, '.');
}

test('templates of a run see what it selects, and are rendered anew where that is another', async () => {
  const project = dbtFolder(files);
  expect(troubles(await project.build())).toEqual([]);
  expect(await told(project)).toBe(`exposure.shop.page ${all}`);
  expect(statusesOf(await project.build())).toMatchObject({ 'model.shop.told': 'reused' });
  const some = { select: ['told'] };
  expect(statusesOf(await project.build(some))).toEqual({ 'model.shop.told': 'success' });
  expect(await told(project)).toBe('model.shop.told');
  expect(statusesOf(await project.build(some))).toEqual({ 'model.shop.told': 'reused' });
  expect(statusesOf(await project.build({ select: ['a'] }))).toMatchObject({
    'model.shop.a': 'reused',
  });
  expect(await told(project)).toBe('model.shop.told');
});

test('a table that is added to stays so where only the selection is another', async () => {
  const project = dbtFolder({
    ...files,
    'models/told.sql': `{{ config(materialized='incremental') }}
      select {{ selected_resources | length }} as n`,
  });
  await project.build();
  await project.build({ select: ['told'] });
  expect(await project.rows('select n from main.told order by n')).toEqual([{ n: 1 }, { n: 5 }]);
});

test('compile shows what it selects, also where it remembers; files are read without', async () => {
  const { folder } = dbtFolder({
    ...files,
    'macros/say.sql':
      "{% macro say() %}{% if not execute %}{{ log('read: ' ~ selected_resources, info=true) }}{% endif %}{% endmacro %}",
    'models/b.sql': 'select 1 as id {{ say() }}',
  });
  for (const _ of [1, 2]) {
    const some = await tidemill(folder, 'compile', '-s', 'told');
    expect(some.out.join('\n')).toContain("select 'model.shop.told' as ids");
    expect([...some.out, some.err].join('\n')).toContain('read: []');
    const json = await tidemill(folder, 'compile', '--json');
    expect(json.out.join('\n')).toContain(
      'model.shop.a model.shop.b model.shop.told seed.shop.codes test.',
    );
  }
  const inline = await tidemill(folder, 'compile', '--inline', '{{ selected_resources }}');
  expect(inline.out).toEqual(["['sql_operation.shop.inline_query']"]);
});
