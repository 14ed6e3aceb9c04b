import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openLedger } from '../../engine/state/ledger.ts';
import { openStateDb } from '../../engine/state/state-db.ts';
import { testFolder } from '../state/folder.ts';
import { openLab } from './lab.ts';

const ann = { email: 'ann@x.org', name: 'Ann', title: 'CEO' };
const bob = { email: 'bob@x.org', name: 'Bob', title: 'CTO' };

test('outcomes of a ledger that was lost and begun anew still reach the warehouse', async () => {
  const lab = await openLab();
  await lab.extract();
  await lab.setModel([ann, bob]);
  await lab.run();
  await lab.extract();
  // Somebody deletes the state folder: the new ledger counts from one again.
  const db = openStateDb(join(testFolder(), 'state'));
  onTestFinished(() => db[Symbol.dispose]());
  lab.ledger = openLedger(db, lab.clock);
  await lab.setModel([{ ...ann, title: 'Chair' }, bob]);
  expect((await lab.run()).tally.updated).toBe(1);
  const state = await lab.state();
  expect(state.find(({ key }) => key === 'ann@x.org')?.['accepted.title']).toBe('Chair');
  await lab.extract();
  expect((await lab.diff()).hasWork).toBe(false);
});
