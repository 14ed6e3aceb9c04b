import { expect, test } from 'vitest';
import { readFiles } from '../models/project-folder.ts';

const shop = { 'dbt_project.yml': 'name: shop\n', 'models/a.sql': 'select 1 as n' };

test('descriptions of tests name docs blocks, of whatever kind they are', async () => {
  const project = await readFiles({
    ...shop,
    'models/d.md': '{% docs said %}as it is said{% enddocs %}',
    'models/s.yml': `models:
  - name: a
    data_tests: [{unique: {name: first, column_name: n, description: "{{ doc('said') }}"}}]
    columns:
      - name: n
        data_tests: [{not_null: {name: second, description: "{{ doc('said') }} twice"}}]
unit_tests:
  - {name: third, model: a, description: "{{ doc('said') }}", given: [], expect: {rows: [{n: 1}]}}`,
    'tests/fourth.sql': "select * from {{ ref('a') }} where n > 1",
    'tests/s.yml': `data_tests: [{name: fourth, description: "{{ doc('said') }}", config: {severity: warn}}]`,
  });
  expect(project.faults).toEqual([]);
  const described = [...project.nodes.values()].flatMap((node) => {
    const of = 'entry' in node && node.entry ? node.entry : node;
    return 'description' in of && of.description ? [`${node.name}: ${of.description}`] : [];
  });
  expect(described.toSorted()).toEqual([
    'first: as it is said',
    'fourth: as it is said',
    'second: as it is said twice',
    'third: as it is said',
  ]);
  expect(project.nodes.get('test.shop.fourth')?.config['severity']).toBe('warn');
});

test('what is said of a test that has no file is told', async () => {
  const project = await readFiles({
    ...shop,
    'tests/fourth.sql': "select * from {{ ref('a') }} where n > 1",
    'tests/s.yml': 'data_tests: [{name: forth}]',
  });
  expect(project.faults).toMatchObject([
    {
      severity: 'warning',
      file: 'tests/s.yml',
      message: 'there is no test "forth" in a file; did you mean "fourth"?',
    },
  ]);
});
