import { join } from 'node:path';
import { type RawBuilder, sql } from 'kysely';
import { describe, expect, onTestFinished, test } from 'vitest';
import { forgetOldRuns } from '../../engine/run/forget-runs.ts';
import { copyRuns } from '../../engine/state/copy-runs.ts';
import { findLastInvocation } from '../../engine/state/invocations.ts';
import { createRunStore, type RunStart } from '../../engine/state/runs.ts';
import { openStateDb } from '../../engine/state/state-db.ts';
import { ensureLandingTables } from '../../engine/steps/land-tables.ts';
import { TransientError } from '../../engine/words/errors.ts';
import { silentLog } from '../../engine/words/log.ts';
import { openDuckDb } from '../../loaders/duckdb/duckdb.ts';
import { heldClock, testFolder } from './folder.ts';

const dayMs = 86_400_000;
const step = { step: 'extract.crm.contacts', kind: 'extract', name: 'contacts' };

/** A project that ran once a day; what its runs left is in both places. */
async function openDays(days: number, start: (day: number) => Partial<RunStart> = () => ({})) {
  const folder = testFolder();
  const path = join(folder, 'warehouse.duckdb');
  const warehouse = await openDuckDb({ path, log: silentLog });
  const state = openStateDb(join(folder, 'state'));
  onTestFinished(async () => {
    await warehouse[Symbol.asyncDispose]();
    state[Symbol.dispose]();
  });
  const clock = heldClock();
  const runs = createRunStore(state, clock);
  const ids: string[] = [];
  for (let day = 0; day < days; day += 1) {
    clock.advance(dayMs);
    const runId = runs.startRun({ command: 'run', boundaryMs: clock.now(), ...start(day) });
    runs.finishStep(runId, step, { status: 'succeeded' });
    runs.finishRun(runId, { status: 'succeeded' });
    ids.push(runId);
  }
  await ensureLandingTables(warehouse);
  await copyRuns(warehouse, runs);
  const list = (query: RawBuilder<unknown>) => warehouse.query(query);
  const forget = (keepRunsMs?: number, through = warehouse) =>
    forgetOldRuns({ warehouse: through, state, clock, log: silentLog, keepRunsMs });
  const countAll = async () => ({
    runs: runs.listRuns(1_000).length,
    steps: state.get('select count(*) as n from run_steps')?.['n'],
    copies: (await list(sql`select run_id from tidemill.runs`)).length,
    copiedSteps: (await list(sql`select run_id from tidemill.run_steps`)).length,
  });
  return { warehouse, state, clock, runs, ids, list, forget, countAll };
}

const all = (n: number) => ({ runs: n, steps: n, copies: n, copiedSteps: n });

describe('runs of long ago', () => {
  test('are forgotten in both places after the time that was asked for', async () => {
    const days = await openDays(150);
    await days.forget(120 * dayMs);
    expect(await days.countAll()).toEqual(all(121));
    expect(days.runs.listRuns(1)).toMatchObject([{ runId: days.ids.at(-1) }]);
    expect(await copyRuns(days.warehouse, days.runs)).toBe(0);
  });

  test('are kept for 90 days where nothing is said, and never fewer than a hundred', async () => {
    const days = await openDays(150);
    await days.forget();
    expect(await days.countAll()).toEqual(all(100));
    const few = await openDays(60);
    await few.forget(dayMs);
    expect(await few.countAll()).toEqual(all(60));
  });

  test('are looked for once a day', async () => {
    const days = await openDays(150);
    await days.forget(140 * dayMs);
    await days.forget(120 * dayMs);
    expect(await days.countAll()).toEqual(all(141));
    days.clock.advance(dayMs);
    await days.forget(121 * dayMs);
    expect(await days.countAll()).toEqual(all(121));
  });

  test('stay in state.db until the warehouse has forgotten them', async () => {
    const days = await openDays(150);
    const full = {
      ...days.warehouse,
      execute: () => Promise.reject(new TransientError('the disk is full', { code: 'disk-full' })),
    };
    await days.forget(undefined, full);
    expect(await days.countAll()).toEqual(all(150));
    await days.forget();
    expect(await days.countAll()).toEqual(all(100));
  });

  test('leave the newest that retry may ask for again', async () => {
    const invocation = { kinds: ['extract'], batchesUntilMs: 0, project: {} };
    const days = await openDays(150, (day) => (day === 7 ? { invocation } : {}));
    await days.forget();
    expect(findLastInvocation(days.state)).toMatchObject({ runId: days.ids[7] });
    expect(days.runs.findRun(days.ids[7] ?? '')).toBeDefined();
  });

  test('leave batches that brought rows, and the newest of each stream', async () => {
    const { list, forget, clock } = await openDays(150);
    const day = (ago: number) => new Date(clock.now() - ago * dayMs).toISOString();
    for (const [id, stream, ago, inserted] of [
      ['brought', 'contacts', 140, 3],
      ['empty', 'contacts', 130, 0],
      ['young', 'contacts', 5, 0],
      ['newest', 'abandoned', 140, 0],
    ] as const) {
      await list(sql`insert into tidemill.batches
        values (${id}, 'crm', ${stream}, 'r', cast(${day(ago)} as timestamp), 1, 0, ${inserted}, 9)`);
    }
    await forget();
    expect(await list(sql`select batch_id from tidemill.batches order by batch_id`)).toEqual([
      { batch_id: 'brought' },
      { batch_id: 'newest' },
      { batch_id: 'young' },
    ]);
  });
});
