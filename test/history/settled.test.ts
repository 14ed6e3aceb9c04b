import fc from 'fast-check';
import { expect, test } from 'vitest';
import { materialize } from '../../engine/steps/materialize.ts';
import type { HistoryConfig } from '../../engine/words/node.ts';
import { contextOf, nodeOf, openWorkbench } from '../materialize/workbench.ts';
import { appendLog, build, createLog, readHistory } from './history-bench.ts';
import { replay, type Version } from './oracle.ts';
import { historyRounds, logOf } from './version-logs.ts';

const history: HistoryConfig = {
  uniqueKey: ['id'],
  validAt: 'valid',
  recordedAt: 'recorded',
  sequence: 'seq',
  deleted: 'gone',
  untracked: ['seen'],
  changedBy: 'recorded',
};
const node = nodeOf('select * exclude (survivor) from log', {
  materialization: 'history',
  uniqueKey: ['id'],
  history,
});

/** No two versions of a key at one instant, and no survivors. */
function leaveOneAnInstant(log: readonly Version[]): Version[] {
  const first = new Map(log.map((version) => [`${version.id} ${version.valid}`, version]));
  return [...first.values()].map((version) => ({ ...version, survivor: null }));
}

test('late versions alone at their instants make the rows that they make beside versions to settle', async () => {
  await using bench = await openWorkbench();
  const shared = { seq: null, gone: null, survivor: null, size: 1, seen: null };
  const beside: readonly Version[] = [
    { ...shared, id: 'shared', valid: 2, recorded: 1, name: 'a' },
    { ...shared, id: 'shared', valid: 2, recorded: 2, name: 'b' },
  ];
  await fc.assert(
    fc.asyncProperty(logOf(40).map(leaveOneAnInstant), async (alone) => {
      for (const log of [alone, [...alone, ...beside]]) {
        await bench.run('drop table if exists log', 'drop schema if exists mart cascade');
        await createLog(bench);
        await appendLog(bench, log);
        await materialize(bench.warehouse, node, contextOf({ fullRefresh: true }));
        const rows = (await readHistory(bench)).map((row) => ({ ...row, superseded_by: null }));
        expect(rows).toEqual(replay(log));
      }
    }),
    historyRounds(),
  );
});

test('a history of few keys is what a replay believes: runs, late versions and shared instants alone or together', async () => {
  await using bench = await openWorkbench();
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }).chain(logOf), async (log) => {
      await bench.run('drop table if exists log', 'drop schema if exists mart cascade');
      await createLog(bench);
      await appendLog(bench, log);
      await build(bench, {}, true);
      expect(await readHistory(bench)).toEqual(replay(log));
    }),
    historyRounds(12),
  );
});
