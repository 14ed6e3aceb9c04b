import { expect, test } from 'vitest';
import { tidemill } from '../artifacts/command-line.ts';
import { dbtFolder } from '../dbt/dbt-project.ts';

const sourceOf = (count: number): Record<string, string> => ({
  'models/base.sql': 'select 1 as id, 2 as rate',
  'models/broken.sql': "select rates from {{ ref('base') }}",
  ...Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `models/of_${index}.sql`,
      "select * from {{ ref('broken') }}",
    ]),
  ),
});

test('what failed is told once more where many lines stand below it, with what to do', async () => {
  const { code, out } = await tidemill(dbtFolder(sourceOf(12)).folder, 'build');
  expect(code).toBe(1);
  const failed = out.filter((line) => line.startsWith('failed'));
  expect(failed).toHaveLength(2);
  expect(new Set(failed).size).toBe(1);
  expect(failed[0]).toContain(
    'models/broken.sql:1:8 does not bind: Referenced column "rates" not found in FROM clause; ' +
      'Candidate bindings: "rate"',
  );
  const [title, again, last] = out.slice(-3);
  expect([title, again]).toEqual(['what failed:', failed[0]]);
  expect(last).toContain('1 failed, 12 skipped');
});

test('what failed is told once where it is in sight', async () => {
  const { out } = await tidemill(dbtFolder(sourceOf(2)).folder, 'build');
  expect(out.filter((line) => line.startsWith('failed'))).toHaveLength(1);
});
