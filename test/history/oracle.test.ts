import fc from 'fast-check';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { Dialect } from '../../engine/words/warehouse.ts';
import { openWorkbench, type Workbench } from '../materialize/workbench.ts';
import { appendLog, build, createLog, readHistory } from './history-bench.ts';
import { replay, type Version } from './oracle.ts';

const runs = Number(process.env['HISTORY_RUNS'] ?? 6);
const idOf = (index: number) => `k${String(index).padStart(2, '0')}`;

const small = (max: number) => fc.integer({ min: 1, max });
const maybe = <T>(value: fc.Arbitrary<T>, freq = 4) => fc.option(value, { nil: null, freq });

/** Many keys of few versions: every kind of disorder meets every other somewhere. */
const logOf = (keys: number): fc.Arbitrary<Version[]> =>
  fc
    .array(
      fc.array(
        fc.record({
          valid: small(6),
          recorded: small(6),
          seq: maybe(small(2)),
          gone: maybe(fc.integer({ min: 0, max: 3 }).map((dice) => dice === 0)),
          survivor: fc.integer({ min: 0, max: 9 }).map((dice) => (dice < 2 ? `m${dice}` : null)),
          name: maybe(fc.constantFrom('a', 'b'), 6),
          size: fc.constantFrom(1, 2),
          seen: maybe(small(9)),
        }),
        { maxLength: 7 },
      ),
      { minLength: keys, maxLength: keys },
    )
    .map((logs) => logs.flatMap((log, key) => log.map((row) => ({ id: idOf(key), ...row }))));

/** Its hash takes versions for equal that differ: whatever trusts it makes a wrong history. */
function withCollisions(bench: Workbench): Workbench {
  const { warehouse } = bench;
  const rowHash: Dialect['rowHash'] = ([first]) => sql`case when ${first} then 1 else 2 end`;
  const dialect = { ...warehouse.dialect, rowHash };
  return { ...bench, warehouse: { ...warehouse, dialect } };
}

async function expectReplays(bench: Workbench): Promise<void> {
  const log = fc.tuple(logOf(60), fc.subarray([1, 2, 3, 4, 5]));
  await fc.assert(
    fc.asyncProperty(log, async ([versions, cuts]) => {
      await bench.run('drop table if exists log', 'drop schema if exists mart cascade');
      await createLog(bench);
      let from = 0;
      for (const to of [...cuts, 6]) {
        await appendLog(
          bench,
          versions.filter(({ recorded }) => recorded > from && recorded <= to),
        );
        const result = await build(bench, {}, from === 0);
        expect(result.warnings).toEqual([]);
        const known = versions.filter(({ recorded }) => recorded <= to);
        expect(await readHistory(bench)).toEqual(replay(known));
        from = to;
      }
    }),
    { numRuns: runs, interruptAfterTimeLimit: 45_000, markInterruptAsFailure: true },
  );
}

test('a history is what a replay of its log believes, however it was batched', async () => {
  await using bench = await openWorkbench();
  await expectReplays(bench);
});

test('a history is the same where the hash of its rows collides', async () => {
  await using bench = await openWorkbench();
  await expectReplays(withCollisions(bench));
});

test('a history over a log that changes in any way is what a full build makes of it', async () => {
  await using bench = await openWorkbench();
  const steps = fc.array(fc.tuple(logOf(12), small(12)), { minLength: 2, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(steps, async (edits) => {
      await bench.run('drop table if exists log', 'drop schema if exists mart cascade');
      await createLog(bench);
      let versions: Version[] = [];
      let first = true;
      for (const [added, removed] of edits) {
        await bench.run(`delete from log where id = '${idOf(removed)}' or seen = ${removed}`);
        versions = versions.filter(({ id, seen }) => id !== idOf(removed) && seen !== removed);
        const repeated = versions.slice(0, 3);
        await appendLog(bench, [...added, ...repeated]);
        versions.push(...added, ...repeated);
        await build(bench, { changedBy: 'content' }, first);
        first = false;
        expect(await readHistory(bench)).toEqual(replay(versions));
      }
    }),
    { numRuns: runs, interruptAfterTimeLimit: 45_000, markInterruptAsFailure: true },
  );
});
