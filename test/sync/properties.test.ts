import fc from 'fast-check';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { RowChange } from '../../engine/words/destination.ts';
import type { Fault } from './fake-crm.ts';
import { type Lab, openLab } from './lab.ts';

const keys = ['ann', 'bob', 'cid', 'dan', 'eve'].map((name) => `${name}@x.org`);
const value = fc.constantFrom(null, '', 'a', 'b', 'c');
const row = fc.record({ email: fc.constantFrom(...keys), name: value, title: value });
const rows = fc.uniqueArray(row, { selector: ({ email }) => email, maxLength: keys.length });
const fault = fc.constantFrom<Fault | undefined>(
  undefined,
  undefined,
  'lost',
  'dropped',
  'deferred',
);

const step = fc.oneof(
  fc.record({ kind: fc.constant('model' as const), rows }),
  fc.record({ kind: fc.constant('edit' as const), pick: fc.nat(), name: value, title: value }),
  fc.record({ kind: fc.constant('extract' as const) }),
  fc.record({ kind: fc.constant('run' as const), faults: fc.array(fault, { maxLength: 6 }) }),
  fc.record({
    kind: fc.constant('kill' as const),
    at: fc.nat({ max: 3 }),
    moment: fc.constantFrom('before' as const, 'after' as const),
  }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function take(lab: Lab, move: Step): Promise<void> {
  switch (move.kind) {
    case 'model':
      return lab.setModel(move.rows);
    case 'extract':
      return lab.extract();
    case 'edit': {
      const live = lab.crm.live();
      const record = live[move.pick % Math.max(1, live.length)];
      if (record) lab.crm.edit(record.id, { name: move.name, title: move.title });
      return;
    }
    case 'run': {
      const faults = [...move.faults];
      lab.crm.fault = () => faults.shift();
      await lab.run();
      lab.crm.fault = () => undefined;
      return;
    }
    case 'kill':
      return kill(lab, move.at, move.moment);
    default:
      return move satisfies never;
  }
}

/** The process dies around one write of the run, before or after the CRM applied it. */
async function kill(lab: Lab, at: number, moment: 'before' | 'after'): Promise<void> {
  let writes = 0;
  const ledger = lab.ledger;
  lab.crm.onWrite = (now: 'before' | 'after', _changes: readonly RowChange[]) => {
    if (now === 'before') writes += 1;
    if (now !== moment || writes <= at) return;
    const die = (): never => {
      throw new Error('killed');
    };
    // A dead process neither records an answer nor folds what it knew.
    Object.assign(ledger, { settle: die, outcomesAfter: die });
    die();
  };
  await lab.run().catch((error: unknown) => {
    if (!String(error).includes('killed')) throw error;
  });
  lab.crm.onWrite = () => undefined;
  lab.reopen();
}

test('whatever happened, nothing is created twice and the sync comes to rest', async () => {
  await fc.assert(
    fc.asyncProperty(
      rows,
      rows,
      fc.array(step, { maxLength: 8 }),
      fc.nat({ max: 3 }),
      async (inCrm, inModel, steps, groupMax) => {
        const lab = await openLab({ groupMax: groupMax + 1 });
        for (const { email, name, title } of inCrm) lab.crm.add({ email, name, title });
        await lab.extract();
        await lab.setModel(inModel);
        for (const move of steps) await take(lab, move);

        await lab.extract();
        await lab.run();
        await lab.extract();
        await lab.run();
        await lab.extract();
        const left = await lab.diff();
        expect(left.counts).toMatchObject({ create: 0, archive: 0, locked: 0, rejected: 0 });
        expect(left.counts.update).toBe(0);

        const emails = lab.crm.live().map((record) => record.fields['email']);
        expect(new Set(emails).size).toBe(emails.length);
        const model = await lab.warehouse.query<Record<string, string | null>>(
          sql`select email, name, title from ${sql.id(lab.spec.from.schema, lab.spec.from.name)}`,
        );
        for (const wanted of model) {
          const record = lab.crm.live().find(({ fields }) => fields['email'] === wanted['email']);
          const held = [record?.fields['name'], record?.fields['title']].map(
            (text) => text || null,
          );
          if (left.counts.not_held === 0) {
            expect(held).toEqual([wanted['name'] || null, wanted['title'] || null]);
          }
        }
        const state = await lab.state();
        expect(new Set(state.map((one) => one['key'])).size).toBe(state.length);
      },
    ),
    { numRuns: 8 },
  );
});

test('order and size of groups do not matter', async () => {
  await fc.assert(
    fc.asyncProperty(rows, rows, async (inCrm, inModel) => {
      const outcomes: unknown[] = [];
      for (const [groupMax, model] of [
        [1, inModel],
        [7, inModel.toReversed()],
      ] as const) {
        const lab = await openLab({ groupMax });
        for (const { email, name, title } of inCrm) lab.crm.add({ email, name, title });
        await lab.extract();
        await lab.setModel(model);
        await lab.run();
        outcomes.push(
          lab.crm
            .live()
            .map(({ fields }) => JSON.stringify(fields, ['email', 'name', 'title']))
            .sort(),
        );
      }
      expect(outcomes[0]).toEqual(outcomes[1]);
    }),
    { numRuns: 5 },
  );
});
