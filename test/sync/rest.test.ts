import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applySync } from '../../engine/steps/sync.ts';
import type { AtRest } from '../../engine/steps/sync-rest.ts';
import { undoRun } from '../../engine/steps/undo.ts';
import type { Fault } from './fake-crm.ts';
import { type Lab, openLab } from './lab.ts';

const names = ['ann', 'bob', 'cid'].map((name) => `${name}@x.org`);
const value = fc.constantFrom(null, 'a', 'b');
const rows = fc.uniqueArray(
  fc.record({ email: fc.constantFrom(...names), name: value, title: value }),
  { selector: ({ email }) => email, maxLength: names.length },
);
const move = fc.oneof(
  fc.record({ kind: fc.constant('model' as const), rows }),
  fc.record({ kind: fc.constant('edit' as const), pick: fc.nat(), name: value }),
  fc.record({ kind: fc.constant('remove' as const), pick: fc.nat() }),
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('extract' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('run' as const),
      fault: fc.constantFrom<Fault | undefined>(undefined, undefined, 'lost', 'deferred'),
    }),
  },
  fc.record({ kind: fc.constant('undo' as const) }),
  fc.record({ kind: fc.constant('sibling' as const) }),
);
type Move = typeof move extends fc.Arbitrary<infer T> ? T : never;

/** The run that wrote last, or nothing. */
type Written = { runId?: string };

async function take(lab: Lab, step: Move, written: Written): Promise<AtRest | undefined> {
  const live = lab.crm.live();
  const picked = 'pick' in step ? live[step.pick % Math.max(1, live.length)] : undefined;
  switch (step.kind) {
    case 'model':
      await lab.setModel(step.rows);
      return undefined;
    case 'edit':
      if (picked) lab.crm.edit(picked.id, { name: step.name });
      return undefined;
    case 'remove':
      if (picked) lab.crm.remove(picked.id);
      return undefined;
    case 'extract':
      await lab.extract();
      return undefined;
    case 'undo': {
      const request = { ...lab.request(await lab.map()), undoes: written.runId ?? '' };
      if (written.runId !== undefined) await undoRun(request);
      delete written.runId;
      return undefined;
    }
    case 'sibling':
      await applySync(lab.request(await lab.map(`${lab.spec.name}_too`)));
      return undefined;
    case 'run': {
      lab.crm.fault = () => step.fault;
      const result = await lab.runUnlessAtRest();
      lab.crm.fault = () => undefined;
      if ('left' in result) return result;
      const { created, updated } = result.tally;
      if (created + updated > 0) written.runId = result.planId.split(':')[0] ?? '';
      return undefined;
    }
    default:
      return step satisfies never;
  }
}

test('a diff is left out only where it would have said that there is nothing to do', async () => {
  const seen = { rests: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 6, maxLength: 14 }), async (moves) => {
      const lab = await openLab();
      const written: Written = {};
      await lab.setModel([]);
      for (const step of moves) {
        const rest = await take(lab, step, written);
        if (!rest) continue;
        seen.rests += 1;
        const before = lab.crm.writes.length;
        const { moved, inDoubt, summary } = await lab.run();
        expect({ moved, inDoubt, hasWork: summary.hasWork }).toEqual({
          moved: 0,
          inDoubt: 0,
          hasWork: false,
        });
        expect(lab.crm.writes).toHaveLength(before);
      }
    }),
    { numRuns: 20 },
  );
  expect(seen.rests, 'some runs were at rest').toBeGreaterThan(5);
});

const ann = { email: 'ann@x.org', name: 'Ann', title: 'CFO' };

/** One record in the CRM, seen again after it was written, and a diff that found nothing. */
async function openAtRest(): Promise<Lab> {
  const lab = await openLab();
  await lab.setModel([ann]);
  await lab.run();
  for (const _ of ['verified', 'nothing to do']) {
    await lab.extract();
    await lab.runUnlessAtRest();
  }
  expect(await lab.runUnlessAtRest()).toEqual({ left: '' });
  return lab;
}

test('news from either side ends the rest', async () => {
  const lab = await openAtRest();
  await lab.setModel([{ ...ann, title: 'CEO' }]);
  expect(await lab.runUnlessAtRest()).toMatchObject({ tally: { updated: 1 } });
  const other = await openAtRest();
  const [record] = other.crm.live();
  other.crm.edit(record?.id ?? '', { title: 'CTO' });
  await other.extract();
  expect(await other.runUnlessAtRest()).toMatchObject({ summary: { driftRows: 1 } });
});

test('an undo ends the rest, though neither side brought news', async () => {
  const lab = await openAtRest();
  await lab.setModel([{ ...ann, title: 'CEO' }]);
  const sent = await lab.runUnlessAtRest();
  await lab.extract();
  await lab.runUnlessAtRest();
  await lab.runUnlessAtRest();
  expect(await lab.runUnlessAtRest()).toEqual({ left: '' });
  const undoes = 'planId' in sent ? (sent.planId.split(':')[0] ?? '') : '';
  await undoRun({ ...lab.request(await lab.map()), undoes });
  expect(await lab.runUnlessAtRest()).not.toHaveProperty('left');
});

test('a mapping that changed ends the rest', async () => {
  const lab = await openAtRest();
  Object.assign(lab.spec, { limits: { ...lab.spec.limits, update: { count: 7 } } });
  expect(await lab.runUnlessAtRest()).not.toHaveProperty('left');
});

test('a ledger that is younger than the rest ends it', async () => {
  const lab = await openAtRest();
  Object.assign(lab.ledger, { newestOutcome: () => 0 });
  expect(await lab.runUnlessAtRest()).not.toHaveProperty('left');
});
