import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { silentLog } from '../../engine/words/log.ts';
import { openDuckDb } from '../../loaders/duckdb/duckdb.ts';
import { withFolder } from '../warehouse/folder.ts';
import { readTables } from './landing.ts';

const script = join(import.meta.dirname, 'landing-process.ts');

/** Runs the landing; with `killAt` it is killed when it tells its n-th page. */
async function runLanding(folder: string, path: string, killAt?: number): Promise<boolean> {
  const child = spawn(process.execPath, [script, folder, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  let pages = 0;
  let isDone = false;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'done') isDone = true;
    pages += 1;
    if (pages === killAt) child.kill('SIGKILL');
  }
  await closed;
  return isDone;
}

async function readResult(path: string) {
  await using warehouse = await openDuckDb({ path, log: silentLog });
  const tables = await readTables(warehouse);
  const cursor = await warehouse.query(sql`select cursor from tidemill.cursors`);
  const scan = await warehouse.query(sql`select * from tidemill.scan_keys`);
  return { tables, cursor, scan };
}

test('a landing killed at any page and run again ends in the tables of an undisturbed one', () =>
  withFolder(async (folder) => {
    const calm = join(folder, 'calm.duckdb');
    expect(await runLanding(folder, calm)).toBe(true);
    const expected = await readResult(calm);
    expect(expected.tables.log).toHaveLength(1_500);
    expect(expected.scan).toEqual([]);

    const killed = join(folder, 'killed.duckdb');
    for (const killAt of [1, 9, 6, 4]) {
      expect(await runLanding(folder, killed, killAt)).toBe(false);
    }
    expect(await runLanding(folder, killed)).toBe(true);
    expect(await readResult(killed)).toEqual(expected);
    expect(await readdir(join(folder, 'spool'))).toEqual([]);
  }));
