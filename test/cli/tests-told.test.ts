import { expect, test } from 'vitest';
import type { RunResult } from '../../engine/run/run-plan.ts';
import { readArtifact, statusesOf } from '../artifacts/artifact-files.ts';
import { tidemill } from '../artifacts/command-line.ts';
import { dbtFolder } from '../dbt/dbt-project.ts';

const files = {
  'models/held.sql': "{{ config(materialized='table') }} select n from range(3) as rows(n)",
  'models/warned.sql': 'select 1 as n union all select 1',
  'models/withheld.sql': 'select null::int as n',
  'models/reader.sql': "select n from {{ ref('withheld') }}",
  'tests/both.sql':
    "select 1 from {{ ref('held') }} join {{ ref('warned') }} using (n) where n < 0",
  'tests/late.sql': "select 1 from {{ ref('held') }} join {{ ref('reader') }} using (n)",
  'models/schema.yml': `
models:
  - name: held
    columns: [{name: n, data_tests: [unique, not_null]}]
  - name: warned
    columns: [{name: n, data_tests: [not_null, {unique: {severity: warn}}]}]
  - name: withheld
    columns: [{name: n, data_tests: [unique, not_null]}]
`,
};

/** How many tests ended in each way, by what run_results.json says of them. */
function countTests(folder: string): Record<string, number> {
  const statuses = Object.entries(statusesOf(readArtifact(folder, 'run_results')));
  const counts: Record<string, number> = {};
  for (const [id, status] of statuses) {
    if (id.startsWith('test.')) counts[String(status)] = (counts[String(status)] ?? 0) + 1;
  }
  return counts;
}

test('a run tells how many tests held, of each model and in all, as its artifacts do', async () => {
  const { folder } = dbtFolder(files);
  const { code, out } = await tidemill(folder, 'build', '--threads', '1');
  expect(code).toBe(1);
  const lines = out.map((line) => line.replace(/ \([\d.]+ \w+\)$/, '').replace(/ +/g, ' '));
  expect(lines).toContain('ok build main.held: created, 3 rows, 2 tests hold');
  expect(lines.join('\n')).toMatch(/warn build main\.warned: created, 1 test holds; .*unique/);
  expect(lines.join('\n')).toMatch(/failed build main\.withheld: a test failed, nothing/);
  expect(lines.at(-1)).toMatch(
    /: (1 ok|1 warn|1 failed|1 skipped|, ){7}; 5 tests hold, 1 warns, 1 failed, 1 skipped$/,
  );
  expect(countTests(folder)).toEqual({ pass: 5, warn: 1, fail: 1, skipped: 1 });

  const again = await tidemill(folder, 'build', '--no-reuse', '--json');
  const { steps } = JSON.parse(again.out.join('')) as RunResult;
  const counts = Object.fromEntries(steps.map((step) => [step.id, step.counts]));
  expect(counts).toMatchObject({
    'model.shop.held': { rows: 3, tests_passed: 2, tests_warned: 0, tests_failed: 0 },
    'model.shop.warned': { tests_passed: 1, tests_warned: 1, tests_failed: 0 },
    'model.shop.withheld': { tests_passed: 1, tests_warned: 0, tests_failed: 1 },
  });
});

test('a run of tests alone, and one without any, tell only what there was', async () => {
  const { folder } = dbtFolder({
    'models/held.sql': 'select 1 as n',
    'tests/plain.sql': "select 1 from {{ ref('held') }} where n > 1",
  });
  const built = await tidemill(folder, 'build', '--resource-type', 'model');
  expect(built.out.at(-1)).toMatch(/: 1 ok$/);
  const tested = await tidemill(folder, 'test');
  expect(tested.out.at(-1)).toMatch(/: 1 test holds$/);
  const none = await tidemill(folder, 'build', '--select', 'tag:none');
  expect(none.out.at(-1)).toMatch(/: nothing to do$/);
});
