import fc from 'fast-check';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { forgetBefore } from '../../engine/state/retention.ts';
import { foldLedger } from '../../engine/steps/sync-fold.ts';
import { ensureSyncTables } from '../../engine/steps/sync-tables.ts';
import type { Fault } from './fake-crm.ts';
import { type Lab, openLab } from './lab.ts';

const value = fc.constantFrom(null, 'a', 'b');
const rows = fc.uniqueArray(
  fc.record({ email: fc.constantFrom('ann@x.org', 'bob@x.org'), name: value, title: value }),
  { selector: ({ email }) => email, minLength: 1, maxLength: 2 },
);
const move = fc.record({
  rows,
  fault: fc.constantFrom<Fault | undefined>(undefined, undefined, undefined, 'lost', 'deferred'),
  /** A person takes a record away: the next run makes another one for the same key. */
  removes: fc.constantFrom(false, false, false, true),
});

/** What a sync knows where its warehouse was lost and the state is folded anew. */
async function foldAnew(lab: Lab): Promise<readonly unknown[]> {
  const mapping = await lab.map();
  await lab.warehouse.ddl([
    sql`drop table ${sql.id('tidemill_sync', lab.spec.name)}`,
    sql`drop table ${sql.id('tidemill_sync', `${lab.spec.name}__next`)}`,
  ]);
  await lab.warehouse.execute(
    sql`delete from tidemill.state_offset where name = ${`push:${lab.spec.name}`}`,
  );
  await ensureSyncTables(lab.warehouse, mapping);
  await foldLedger(lab.warehouse, lab.ledger, mapping);
  return (await lab.state()).map(({ key, crm_id, status, rejected, reason, ...row }) => {
    const values = Object.entries(row).filter(([name]) => /^(accepted|adopted)\./.test(name));
    return { key, crm_id, status, rejected, reason, ...Object.fromEntries(values) };
  });
}

/** As long afterwards: whatever may be forgotten is. */
function forgetAll({ db, clock }: Lab): void {
  clock.advance(1_000);
  forgetBefore(db, new Date(clock.now()).toISOString(), clock.now());
}

test('what is forgotten of the ledger changes nothing of a state that is folded from it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 4, maxLength: 7 }), async (moves) => {
      const lab = await openLab({ spec: { behavior: 'mirror' } });
      for (const { rows, fault, removes } of moves) {
        const [first] = lab.crm.live();
        if (removes && first) lab.crm.remove(first.id);
        await lab.setModel(rows);
        lab.crm.fault = () => fault;
        await lab.run();
        lab.crm.fault = () => undefined;
        await lab.extract();
      }
      const whole = await foldAnew(lab);
      forgetAll(lab);
      expect(await foldAnew(lab)).toEqual(whole);
    }),
    { numRuns: 4 },
  );
});

test('a push is forgotten once its fields were written again, and never while it is in doubt', async () => {
  const lab = await openLab();
  for (const title of ['CFO', 'CEO', 'COO']) {
    await lab.setModel([{ email: 'ann@x.org', name: 'Ann', title }]);
    await lab.run();
    await lab.extract();
  }
  const list = () => lab.db.all('select seq, action from push order by seq').map(Object.values);
  const whole = [
    [1, 'create'],
    [2, 'update'],
    [3, 'update'],
  ];
  lab.db.run("update push set status = 'in_doubt' where seq = 2");
  forgetAll(lab);
  expect(list()).toEqual(whole);
  lab.db.run("update push set status = 'written' where seq = 2");
  forgetAll(lab);
  expect(list()).toEqual(whole.filter(([seq]) => seq !== 2));
});
