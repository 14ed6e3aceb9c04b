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
import { dyingContext, dyingNode, seedFile } from './dying-node.ts';
import { openWorkbench } from './workbench.ts';

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
  const states = await readNodeStates(warehouse);
  const builtBy = [...states.values()].map(({ dataVersion }) => dataVersion);
  const stands = await warehouse.describe({ schema: 'mart', name: 'thing' });
  const rows = stands ? await warehouse.query(sql`select * from mart.thing order by all`) : [];
  return { rows, builtBy };
}

const first = `
  select 'k' || range as id, 1 as valid, 1 as recorded, 'a' as name from range(50)`;
const laterRows = `
  union all select 'k' || range * 7, 2, 2, 'b' from range(9)
  union all select 'k' || range * 7, 1, 3, 'c' from range(3)`;

/** Of statements between one kill and the next; `KILL_STRIDE=1` kills before every one. */
const strides = {
  table: 3,
  ungated: 1,
  view: 3,
  seed: 4,
  incremental: 6,
  snapshot: 6,
  history: 13,
  recorded: 11,
  identity: 23,
} as const;
const strideOf = (kind: keyof typeof strides): number =>
  Number(process.env['KILL_STRIDE'] ?? strides[kind]);

/** Kills the second build of a node before one statement after the other. */
async function killEverywhere(kind: keyof typeof strides, hasStood: boolean): Promise<void> {
  await using bench = await openWorkbench();
  const { path } = bench;
  const node = dyingNode(kind);
  const grow = async (rows: string) => {
    await bench.run(`create or replace table log as ${rows}`);
    await bench.run(`copy log to '${seedFile(path)}' (header)`);
  };
  await grow(first);
  if (hasStood) await materialize(bench.warehouse, node, dyingContext(kind, path, 'first'));
  // A snapshot sees what is gone; a log that is read by its clock must not lose rows.
  await grow(`from log ${kind === 'snapshot' ? "where id <> 'k49'" : ''} ${laterRows}`);
  const killed = join(dirname(path), 'killed.duckdb');
  await bench.warehouse[Symbol.asyncDispose]();
  const before = await readThing(path);
  expect(before.builtBy).toEqual(hasStood ? ['first'] : []);

  await copyFile(path, killed);
  expect(await buildAndDie(killed, kind, killsMax)).toBe(true);
  const after = await readThing(killed);
  expect(after.builtBy).toEqual(['second']);
  if (kind !== 'view') expect(after.rows).not.toEqual(before.rows);

  let ended = false;
  for (let countdown = 0; !ended; countdown += strideOf(kind)) {
    expect(countdown).toBeLessThan(killsMax);
    await rm(killed, { force: true });
    await rm(`${killed}.wal`, { force: true });
    await copyFile(path, killed);
    ended = await buildAndDie(killed, kind, countdown);
    // What is remembered is of the rows that stand: neither is ahead of the other.
    const found = await readThing(killed);
    expect([before, after].find(({ builtBy }) => builtBy[0] === found.builtBy[0])).toEqual(found);
    await using warehouse = await openDuckDb({ path: killed, log: silentLog });
    await materialize(warehouse, node, dyingContext(kind, killed, 'third'));
    expect(await warehouse.query(sql`select * from mart.thing order by all`)).toEqual(after.rows);
    const leftovers = await warehouse.query(sql`
      select table_name from information_schema.tables where table_name like '%tidemill_next'`);
    expect(leftovers).toEqual([]);
  }
}

const kinds = Object.keys(strides) as (keyof typeof strides)[];

test.each(kinds)(
  '%s: killed before any of its statements it is whole, and the next build ends as if undisturbed',
  { timeout: 600_000 },
  (kind) => killEverywhere(kind, true),
);

test.each(['history', 'recorded', 'identity', 'snapshot', 'seed'] as const)(
  '%s: killed in its first build there is nothing or all of it, and the next ends as if undisturbed',
  { timeout: 600_000 },
  (kind) => killEverywhere(kind, false),
);
