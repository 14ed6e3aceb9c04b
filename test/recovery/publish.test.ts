import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readNodeStates } from '../../engine/state/nodes.ts';
import { tableOf } from '../../engine/steps/relation-statements.ts';
import { silentLog } from '../../engine/words/log.ts';
import { openDuckDb } from '../../loaders/duckdb/duckdb.ts';

const builds = 24;
const program = fileURLToPath(new URL('publish-and-die.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tidemill-publish-'));
const master = join(folder, 'master.duckdb');
const path = join(folder, 'cut.duckdb');

beforeAll(() => {
  const { signal, stderr } = spawnSync(process.execPath, [program, master, String(builds)]);
  expect(signal, String(stderr)).toBe('SIGKILL');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The warehouse as a crash leaves it that took the end of the log. */
async function readCut(bytes: number) {
  copyFileSync(master, path);
  copyFileSync(`${master}.wal`, `${path}.wal`);
  truncateSync(`${path}.wal`, bytes);
  await using warehouse = await openDuckDb({ path, log: silentLog });
  const remembered = [...(await readNodeStates(warehouse)).values()]
    .map(({ nodeId, dataVersion }) => [nodeId.replace('model.test.', ''), dataVersion])
    .toSorted();
  const found = await warehouse.query<{ name: string }>(sql`
    select table_name as name from information_schema.tables
    where table_schema = 'mart' and table_name not like '%tidemill_next'
    order by 1`);
  const standing: unknown[] = [];
  for (const { name } of found) {
    const rows = await warehouse.query<{ version: string }>(sql`
      select distinct version from ${tableOf({ schema: 'mart', name })}`);
    standing.push([name, ...rows.map(({ version }) => version)]);
  }
  return { remembered, standing };
}

/*
 * In production: the power goes while a hundred small models are published, none of them folded
 * into the file yet. A row of state that is ahead of its table would have it reused for ever.
 */
test('a log of publications cut anywhere leaves what is remembered of each just as it stands', async () => {
  const whole = statSync(`${master}.wal`).size;
  const all = await readCut(whole);
  expect(all.standing).toEqual(all.remembered);
  expect(all.remembered.map(([, version]) => version)).toEqual(
    [20, 21, 22, 23].map((build) => `run-${build}`),
  );
  // Every build is in the log: nothing was folded into the file on the way.
  expect(await readCut(0)).toEqual({ remembered: [], standing: [] });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: whole }), async (bytes) => {
      const { remembered, standing } = await readCut(bytes);
      expect(standing).toEqual(remembered);
    }),
    { numRuns: 30 },
  );
});
