import fc from 'fast-check';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { Dialect } from '../../engine/words/warehouse.ts';
import { openWorkbench, type Workbench } from '../materialize/workbench.ts';
import { appendLog, build, createLog, readHistory } from './history-bench.ts';
import { replay, type Version } from './oracle.ts';
import { historyRounds, keyOf, logOf } from './version-logs.ts';

/** Its hash takes versions and keys for equal that differ: what trusts it makes a wrong history. */
function withCollisions(bench: Workbench): Workbench {
  const { warehouse } = bench;
  const rowHash: Dialect['rowHash'] = ([first]) =>
    sql`case when cast(${first} as varchar) = 'true' then 1 else 2 end`;
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
    historyRounds(),
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

test('a history is the same whatever the order of its log and however often a row is in it', async () => {
  await using bench = await openWorkbench();
  const logs = logOf(40).chain((log) =>
    fc.tuple(
      fc.shuffledSubarray(log, { minLength: log.length, maxLength: log.length }),
      fc.subarray(log),
    ),
  );
  await fc.assert(
    fc.asyncProperty(logs, async ([shuffled, repeated]) => {
      for (const changedBy of ['recorded', 'content'] as const) {
        await bench.run('drop table if exists log', 'drop schema if exists mart cascade');
        await createLog(bench);
        await appendLog(bench, [...repeated, ...shuffled]);
        await build(bench, { changedBy }, true);
        expect(await readHistory(bench)).toEqual(replay(shuffled));
      }
    }),
    historyRounds(),
  );
});

test('a history over a log that changes in any way is what a full build makes of it', async () => {
  await using bench = await openWorkbench();
  const steps = fc.array(fc.tuple(logOf(12), fc.integer({ min: 1, max: 12 })), {
    minLength: 2,
    maxLength: 3,
  });
  await fc.assert(
    fc.asyncProperty(steps, async (edits) => {
      await bench.run('drop table if exists log', 'drop schema if exists mart cascade');
      await createLog(bench);
      let versions: Version[] = [];
      let first = true;
      for (const [added, removed] of edits) {
        await bench.run(`delete from log where id = '${keyOf(removed)}' or seen = ${removed}`);
        versions = versions.filter(({ id, seen }) => id !== keyOf(removed) && seen !== removed);
        const repeated = versions.slice(0, 3);
        await appendLog(bench, [...added, ...repeated]);
        versions.push(...added, ...repeated);
        await build(bench, { changedBy: 'content' }, first);
        first = false;
        expect(await readHistory(bench)).toEqual(replay(versions));
      }
    }),
    historyRounds(),
  );
});
