import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentLog } from '../../engine/words/log.ts';
import { openDuckDb } from '../../loaders/duckdb/duckdb.ts';
import { applyRecovery, planRecovery } from '../../loaders/duckdb/recovery.ts';

const commits = 12;
const program = fileURLToPath(new URL('commit-and-die.ts', import.meta.url));

/** A warehouse that was killed with all its commits in the log: rows 0 to 11, one a commit. */
const master = mkdtempSync(join(tmpdir(), 'tidemill-recovery-'));
beforeAll(() => {
  const path = join(master, 'warehouse.duckdb');
  const { signal } = spawnSync(process.execPath, [program, path, String(commits)]);
  expect(signal).toBe('SIGKILL');
});
afterAll(() => rmSync(master, { recursive: true, force: true }));

function copyMaster() {
  const folder = mkdtempSync(join(tmpdir(), 'tidemill-recovery-'));
  const path = join(folder, 'warehouse.duckdb');
  for (const end of ['', '.wal']) {
    copyFileSync(join(master, `warehouse.duckdb${end}`), `${path}${end}`);
  }
  return {
    folder,
    path,
    log: `${path}.wal`,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  writeFileSync(file, bytes);
}

async function readRows(path: string): Promise<number[]> {
  await using warehouse = await openDuckDb({ path, log: silentLog });
  const rows = await warehouse.query<{ n: number }>(sql`select distinct n from s.t order by n`);
  return rows.map(({ n }) => n);
}

const first = (count: number) => Array.from({ length: count }, (_, n) => n);

describe('a warehouse that opens', () => {
  test('has nothing to recover, and is not touched', async () => {
    using copy = copyMaster();
    expect(await planRecovery(copy.path)).toEqual({ kind: 'sound' });
    expect(readdirSync(copy.folder).toSorted()[0]).toBe('warehouse.duckdb');
    expect(await readRows(copy.path)).toEqual(first(commits));
  });
});

describe('a log that breaks off in the middle', () => {
  test('is told with a hint, and planned without a change to any file', async () => {
    using copy = copyMaster();
    const size = readFileSync(copy.log).length;
    flip(copy.log, Math.floor(size / 2));
    const before = [readFileSync(copy.path), readFileSync(copy.log)];
    await expect(openDuckDb({ path: copy.path, log: silentLog })).rejects.toMatchObject({
      code: 'warehouse-log-broken',
      hint: expect.stringContaining('tidemill recover'),
    });
    expect(await planRecovery(copy.path)).toMatchObject({ kind: 'cut', logBytes: size });
    expect([readFileSync(copy.path), readFileSync(copy.log)]).toEqual(before);
    expect(readdirSync(copy.folder).toSorted()).toEqual([
      'warehouse.duckdb',
      'warehouse.duckdb.wal',
    ]);
  });

  test('anywhere keeps whole commits before the break, and puts the files aside as they were', async () => {
    const size = readFileSync(join(master, 'warehouse.duckdb.wal')).length;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: size - 1 }), async (at) => {
        using copy = copyMaster();
        flip(copy.log, at);
        const broken = readFileSync(copy.log);
        const recovery = await planRecovery(copy.path);
        if (recovery.kind === 'cut') {
          const aside = await applyRecovery(copy.path, recovery, 'now');
          expect(readFileSync(join(aside, 'warehouse.duckdb.wal'))).toEqual(broken);
          expect(existsSync(join(aside, 'warehouse.duckdb'))).toBe(true);
        } else expect(recovery).toEqual({ kind: 'sound' });
        const rows = await readRows(copy.path);
        expect(rows).toEqual(first(rows.length));
        // No commit that ends before the break is given up.
        expect(rows.length).toBeGreaterThanOrEqual(Math.floor((at / size) * commits) - 1);
      }),
      { numRuns: 12 },
    );
  });

  test('and is recovered once, does so again without a trace', async () => {
    using copy = copyMaster();
    flip(copy.log, Math.floor(readFileSync(copy.log).length / 2));
    const recovery = await planRecovery(copy.path);
    if (recovery.kind !== 'cut') throw new Error('the log is broken');
    await applyRecovery(copy.path, recovery, 'now');
    expect(await planRecovery(copy.path)).toEqual({ kind: 'sound' });
  });
});

test('a database that is torn itself is not taken for one with a broken log', async () => {
  using copy = copyMaster();
  truncateSync(copy.path, 5_000);
  await expect(planRecovery(copy.path)).rejects.toMatchObject({
    code: expect.stringMatching(/^warehouse-/),
  });
  expect(existsSync(`${copy.path}.recovery`)).toBe(false);
});
