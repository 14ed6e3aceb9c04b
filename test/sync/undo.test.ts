import { expect, test } from 'vitest';
import { undoRun } from '../../engine/steps/undo.ts';
import { silentLog } from '../../engine/words/log.ts';
import { type Lab, openLab } from './lab.ts';

const ann = { email: 'ann@x.org', name: 'Ann', title: 'CEO' };
const bob = { email: 'bob@x.org', name: 'Bob', title: 'CTO' };
const cid = { email: 'cid@x.org', name: 'Cid', title: 'CFO' };

async function undo(lab: Lab, planId: string) {
  lab.clock.advance(1000);
  return undoRun({
    warehouse: lab.warehouse,
    ledger: lab.ledger,
    mapping: await lab.map(),
    destination: lab.crm,
    clock: lab.clock,
    log: silentLog,
    signal: new AbortController().signal,
    runId: `undo-${lab.clock.now()}`,
    undoes: planId.split(':')[0] ?? '',
  });
}

test('undo restores what was there, archives what was created, leaves later edits alone', async () => {
  const lab = await openLab();
  const one = lab.crm.add({ ...ann, title: 'Clerk' });
  const two = lab.crm.add({ ...cid, title: 'Clerk' });
  await lab.extract();
  await lab.setModel([ann, bob, cid]);
  const { planId } = await lab.run();
  lab.crm.edit(two, { title: 'Retired' });

  const result = await undo(lab, planId);
  expect(result).toMatchObject({ editedSince: 1, notRestorable: 0 });
  expect(result.tally).toMatchObject({ updated: 1, archived: 1 });
  expect(lab.crm.records.get(one)?.fields['title']).toBe('Clerk');
  expect(lab.crm.records.get(two)?.fields['title']).toBe('Retired');
  expect(lab.crm.live()).toHaveLength(2);

  // The model still says so: the next plan shows it again.
  await lab.extract();
  expect((await lab.diff()).counts).toMatchObject({ create: 1, update: 2 });
});

test('undo of an undone run finds nothing left to do', async () => {
  const lab = await openLab();
  lab.crm.add({ ...ann, title: 'Clerk' });
  await lab.extract();
  await lab.setModel([ann]);
  const { planId } = await lab.run();
  await undo(lab, planId);
  const again = await undo(lab, planId);
  expect(again.tally).toMatchObject({ updated: 0 });
  expect(again.editedSince).toBe(1);
  await expect(undo(lab, 'no-such-run')).rejects.toMatchObject({ code: 'nothing-to-undo' });
});
