import { execFile } from 'node:child_process';
import { copyFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { readNodeStates } from '../../engine/state/nodes.ts';
import { materialize } from '../../engine/steps/materialize.ts';
import { silentLog } from '../../engine/words/log.ts';
import { openDuckDb } from '../../loaders/duckdb/duckdb.ts';
import { dyingNode } from './dying-node.ts';
import { contextOf, openWorkbench } from './workbench.ts';

const run = promisify(execFile);
const script = new URL('./build-and-die.ts', import.meta.url).pathname;
const killsMax = 200;

/** True where the process ended by itself, false where it killed itself first. */
async function buildAndDie(path: string, kind: string, countdown: number): Promise<boolean> {
  try {
    await run(process.execPath, [script, path, kind, String(countdown)]);
    return true;
  } catch (error) {
    if ((error as { signal?: string }).signal === 'SIGKILL') return false;
    throw error;
  }
}

async function readThing(path: string) {
  await using warehouse = await openDuckDb({ path, log: silentLog });
  const rows = await warehouse.query(sql`select * from mart.thing order by all`);
  const states = await readNodeStates(warehouse);
  return { rows, builtBy: [...states.values()].map(({ dataVersion }) => dataVersion) };
}

/** Of statements between one kill and the next. */
const steps = { table: 3, ungated: 1, view: 3, incremental: 6, history: 11, identity: 23 } as const;

test.each(['table', 'ungated', 'view', 'incremental', 'history', 'identity'] as const)(
  '%s: killed before any of its statements it is whole, and the next build ends as if undisturbed',
  { timeout: 120_000 },
  async (kind) => {
    await using bench = await openWorkbench();
    const node = dyingNode(kind);
    await bench.run(
      `create table log as
      select 'k' || range as id, 1 as valid, 1 as recorded, 'a' as name from range(50)`,
    );
    await materialize(bench.warehouse, node, contextOf({ runId: 'first' }));
    await bench.run(
      "insert into log select 'k' || range * 7, 2, 2, 'b' from range(9)",
      "insert into log select 'k' || range * 7, 1, 3, 'c' from range(3)",
    );
    const before = {
      rows: await bench.rows('select * from mart.thing order by all'),
      builtBy: ['first'],
    };
    const path = join(dirname(bench.path), 'killed.duckdb');
    await bench.warehouse[Symbol.asyncDispose]();

    await copyFile(bench.path, path);
    expect(await buildAndDie(path, kind, killsMax)).toBe(true);
    const after = await readThing(path);
    expect(after.builtBy).toEqual(['second']);
    if (kind !== 'view') expect(after.rows).not.toEqual(before.rows);

    let ended = false;
    for (let countdown = 0; !ended; countdown += steps[kind]) {
      expect(countdown).toBeLessThan(killsMax);
      await rm(path, { force: true });
      await rm(`${path}.wal`, { force: true });
      await copyFile(bench.path, path);
      ended = await buildAndDie(path, kind, countdown);
      // What is remembered is of the rows that stand: neither is ahead of the other.
      const found = await readThing(path);
      expect([before, after].find(({ builtBy }) => builtBy[0] === found.builtBy[0])).toEqual(found);
      await using warehouse = await openDuckDb({ path, log: silentLog });
      await materialize(warehouse, node, contextOf({ runId: 'third' }));
      expect(await warehouse.query(sql`select * from mart.thing order by all`)).toEqual(after.rows);
      const leftovers = await warehouse.query(sql`
        select table_name from information_schema.tables where table_name like '%tidemill_next'`);
      expect(leftovers).toEqual([]);
    }
  },
);
