import { execFile } from 'node:child_process';
import { copyFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { readNodeState } from '../../engine/state/nodes.ts';
import { readSpansLeft } from '../../engine/steps/batch-spans.ts';
import { materialize } from '../../engine/steps/materialize.ts';
import { silentLog } from '../../engine/words/log.ts';
import { openDuckDb } from '../../loaders/duckdb/duckdb.ts';
import { batchesContext, batchesNode, days } from './dying-batches.ts';
import { openWorkbench } from './workbench.ts';

const run = promisify(execFile);
const script = new URL('./build-and-die.ts', import.meta.url).pathname;
const killsMax = 200;
/** Statements between two places where a process is killed. */
const stride = 7;

async function buildAndDie(path: string, countdown: number): Promise<boolean> {
  try {
    await run(process.execPath, [script, path, 'microbatch', String(countdown)]);
    return true;
  } catch (error) {
    if ((error as { signal?: string }).signal === 'SIGKILL') return false;
    throw error;
  }
}

test('killed between batches, each is there or is left, and what is left completes the table', async () => {
  await using bench = await openWorkbench();
  await bench.run(
    `create table log as
      select timestamp '2026-01-01' + to_days(range::int) as day, '1' as n from range(6)`,
  );
  await materialize(bench.warehouse, batchesNode, batchesContext(days, 'first'));
  await bench.run(
    "update log set n = case when day in ('2026-01-02', '2026-01-05') then 'x' else '2' end",
  );
  const path = join(dirname(bench.path), 'killed.duckdb');
  await bench.warehouse[Symbol.asyncDispose]();
  const seen = new Set<string>();
  let ended = false;
  for (let countdown = 0; !ended; countdown += stride) {
    expect(countdown).toBeLessThan(killsMax);
    await rm(path, { force: true });
    await rm(`${path}.wal`, { force: true });
    await copyFile(bench.path, path);
    ended = await buildAndDie(path, countdown);
    await using warehouse = await openDuckDb({ path, log: silentLog });
    const read = async () => {
      const rows = await warehouse.query<{ n: number }>(sql`select n from mart.thing order by day`);
      return rows.map(({ n }) => n).join('');
    };
    const state = await readNodeState(warehouse, batchesNode);
    const left = state?.watermark === undefined ? days : readSpansLeft(state.watermark);
    const isLeft = new Set(left.map(({ from }) => from));
    const expected = days.map(({ from }) => (isLeft.has(from) ? '1' : '2')).join('');
    expect(await read()).toBe(expected);
    seen.add(expected);
    await warehouse.execute(sql`update log set n = '2'`);
    await materialize(warehouse, batchesNode, batchesContext(left, 'third'));
    expect(await read()).toBe('222222');
    expect((await readNodeState(warehouse, batchesNode))?.watermark).toBeUndefined();
  }
  expect(seen.has('212212')).toBe(true);
  expect(seen.size).toBeGreaterThan(2);
});
