import { join } from 'node:path';
import fc from 'fast-check';
import { sql } from 'kysely';
import { describe, expect, onTestFinished, test } from 'vitest';
import { copyRunLog } from '../../engine/run/record-run.ts';
import { copyRuns } from '../../engine/state/copy-runs.ts';
import { createRunStore, type RunStore } from '../../engine/state/runs.ts';
import { openStateDb } from '../../engine/state/state-db.ts';
import { TerminalError } from '../../engine/words/errors.ts';
import { silentLog } from '../../engine/words/log.ts';
import type { Warehouse } from '../../engine/words/warehouse.ts';
import { openDuckDb } from '../../loaders/duckdb/duckdb.ts';
import { heldClock, testFolder } from './folder.ts';

async function openBridge() {
  const folder = testFolder();
  const clock = heldClock();
  const db = openStateDb(join(folder, 'state'));
  const path = join(folder, 'warehouse.duckdb');
  const warehouse = await openDuckDb({ path, log: silentLog });
  onTestFinished(async () => {
    await warehouse[Symbol.asyncDispose]();
    db[Symbol.dispose]();
  });
  return { folder, clock, warehouse, runs: createRunStore(db, clock) };
}

const step = (name: string) => ({ step: name, kind: 'extract', name });

function runOnce(runs: RunStore, boundaryMs: number, steps: readonly string[]): string {
  const runId = runs.startRun({ command: 'tidemill run', pipeline: 'hourly', boundaryMs });
  for (const name of steps) {
    runs.startStep(runId, step(name));
    runs.finishStep(runId, step(name), { status: 'succeeded', counts: { records: 2 } });
  }
  runs.finishRun(runId, { status: 'succeeded', counts: { success: steps.length } });
  return runId;
}

/** The copy must say of every run and step what the log says. */
async function expectEqualLogs(warehouse: Warehouse, runs: RunStore): Promise<void> {
  const copied = await warehouse.query<{ id: string; status: string }>(
    sql`select run_id as id, status from tidemill.runs order by run_id`,
  );
  const logged = runs.listRuns(1_000).map(({ runId, status }) => ({ id: runId, status }));
  expect(copied).toEqual(logged.sort((left, right) => (left.id < right.id ? -1 : 1)));
  const copiedSteps = await warehouse.query<{ id: string; status: string }>(
    sql`select run_id || ' ' || step as id, status from tidemill.run_steps order by id`,
  );
  const loggedSteps = logged.flatMap(({ id }) =>
    runs.listSteps(id).map((one) => ({ id: `${id} ${one.step}`, status: one.status })),
  );
  expect(copiedSteps).toEqual(loggedSteps.sort((left, right) => (left.id < right.id ? -1 : 1)));
}

describe('the copy of runs in the warehouse', () => {
  test('holds command, pipeline, times, errors and counts as columns analysts can use', async () => {
    const { warehouse, runs, clock } = await openBridge();
    const runId = runs.startRun({ command: 'tidemill run', pipeline: 'a', boundaryMs: 0 });
    runs.startStep(runId, step('extract.sf.Account'));
    clock.advance(2_000);
    const error = new TerminalError('cannot sign in', { code: 'sign-in-refused' });
    runs.finishStep(runId, step('extract.sf.Account'), { status: 'failed', error });
    runs.finishRun(runId, { status: 'failed', counts: { failed: 1 } });
    expect(await copyRuns(warehouse, runs)).toBe(2);
    expect(
      await warehouse.query(sql`
        select r.command, r.pipeline, r.status, cast(r.boundary_at as varchar) as boundary_at,
          cast(r.counts->>'failed' as integer) as failed, s.error_code, s.error_message,
          date_diff('second', s.started_at, s.finished_at) as took_s
        from tidemill.runs as r join tidemill.run_steps as s using (run_id)`),
    ).toEqual([
      {
        command: 'tidemill run',
        pipeline: 'a',
        status: 'failed',
        boundary_at: '1970-01-01 00:00:00',
        failed: 1,
        error_code: 'sign-in-refused',
        error_message: 'cannot sign in',
        took_s: 2,
      },
    ]);
  });

  test('costs nothing when nothing changed, and replaces the row of a run that went on', async () => {
    const { warehouse, runs, clock } = await openBridge();
    const runId = runs.startRun({ command: 'tidemill run', boundaryMs: clock.now() });
    runs.startStep(runId, step('a'));
    await copyRuns(warehouse, runs);
    expect(await copyRuns(warehouse, runs)).toBe(0);
    runs.finishStep(runId, step('a'), { status: 'succeeded' });
    runs.finishRun(runId, { status: 'succeeded' });
    expect(await copyRuns(warehouse, runs)).toBe(2);
    await expectEqualLogs(warehouse, runs);
  });

  test('is complete and holds nothing twice whatever moment a process was killed at', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            steps: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 }),
            // Killed: before the copy, after the rows of a page and before its offset, or never.
            end: fc.constantFrom('before the copy', 'in the transaction', 'copied'),
          }),
          { minLength: 1, maxLength: 6 },
        ),
        async (history) => {
          const { warehouse, runs, clock } = await openBridge();
          for (const { steps, end } of history) {
            runOnce(runs, clock.now(), steps);
            clock.advance(1_000);
            if (end === 'copied') await copyRuns(warehouse, runs);
            if (end !== 'in the transaction') continue;
            const torn: Warehouse = {
              ...warehouse,
              transaction: (work) =>
                warehouse.transaction(async (session) => {
                  await work(session);
                  throw new Error('killed');
                }),
            };
            await expect(copyRuns(torn, runs)).rejects.toThrow('killed');
          }
          await copyRuns(warehouse, runs);
          await expectEqualLogs(warehouse, runs);
        },
      ),
      { numRuns: 8 },
    );
  });

  test('takes logs longer than one page', async () => {
    const { warehouse, runs, clock } = await openBridge();
    for (let run = 0; run < 6; run += 1) {
      runOnce(
        runs,
        clock.now(),
        Array.from({ length: 60 }, (_, index) => `s${index}`),
      );
    }
    expect(await copyRuns(warehouse, runs)).toBe(6 + 6 * 60);
    await expectEqualLogs(warehouse, runs);
  });

  test('rewinds with a restored warehouse and catches up', async () => {
    const { folder, warehouse, runs, clock } = await openBridge();
    runOnce(runs, clock.now(), ['a']);
    runOnce(runs, clock.now(), ['b']);
    const path = join(folder, 'older.duckdb');
    await using older = await openDuckDb({ path, log: silentLog });
    await copyRuns(warehouse, runs);
    await copyRuns(older, runs);
    await expectEqualLogs(older, runs);
  });

  test('starts over where state.db is younger than the warehouse', async () => {
    const { folder, warehouse, runs, clock } = await openBridge();
    for (let run = 0; run < 5; run += 1) runOnce(runs, clock.now(), ['a']);
    await copyRuns(warehouse, runs);
    using fresh = openStateDb(join(folder, 'fresh'));
    const young = createRunStore(fresh, clock);
    const runId = runOnce(young, clock.now(), ['z']);
    await copyRuns(warehouse, young);
    const found = await warehouse.query(
      sql`select step from tidemill.run_steps where run_id = ${runId}`,
    );
    expect(found).toEqual([{ step: 'z' }]);
  });

  test('does not turn a run that ended well into a failed one when the disk is full', async () => {
    const { warehouse, runs, clock } = await openBridge();
    runOnce(runs, clock.now(), ['a']);
    const full: Warehouse = {
      ...warehouse,
      transaction: () =>
        Promise.reject(new TerminalError('only 3 MB are free', { code: 'disk-full' })),
    };
    const warned: unknown[] = [];
    const log = { ...silentLog, warn: (event: string) => warned.push(event) };
    await copyRunLog(full, runs, log);
    expect(warned).toEqual(['runs.copy_failed']);
    await copyRunLog(warehouse, runs, log);
    await expectEqualLogs(warehouse, runs);
  });
});
