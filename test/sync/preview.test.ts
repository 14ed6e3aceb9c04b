import { expect, test } from 'vitest';
import { explainRows } from '../../engine/plan/explain-rows.ts';
import { previewPlan } from '../../engine/steps/diff.ts';
import { openLab } from './lab.ts';

test('the rows that plan shows are those that the run then writes down and sends', async () => {
  const lab = await openLab();
  await lab.setModel([{ email: 'ann@x.org', name: 'Ann', title: 'CFO' }]);
  await lab.run();
  await lab.extract();
  await lab.setModel([
    { email: 'ann@x.org', name: 'Ann', title: 'Chief\nExecutive' },
    { email: 'bob@x.org', name: 'Bob', title: null },
    { email: `${'c'.repeat(40)}@x.org`, name: 'Cid', title: null },
  ]);
  const preview = async (most: number) =>
    previewPlan(lab.warehouse, lab.warehouse.dialect, await lab.map(), most);
  const shown = await preview(100);
  expect(await preview(2)).toEqual(shown.slice(0, 2));
  expect(explainRows(shown).map((line) => line.trim().replaceAll(/ {2,}/g, ' | '))).toEqual([
    'ann@x.org | title | CFO → Chief Executive | update',
    'bob@x.org | email | (empty) → bob@x.org | create',
    'bob@x.org | name | (empty) → Bob | create',
    `${'c'.repeat(40)}@x.org | rejected: email: longer than 40 characters`,
  ]);
  const { planId } = await lab.run();
  const written = (await lab.plan(planId)).map((row) => ({
    key: row['key'],
    record: row['crm_id'],
    action: row['action'],
    field: row['field'],
    before: row['before_crm'],
    after: row['after'],
    reason: row['reason'],
  }));
  expect(shown).toEqual(written);
});
