import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { type PlacedNode, readNodeState } from '../../engine/state/nodes.ts';
import { materialize } from '../../engine/steps/materialize.ts';
import { silentLog } from '../../engine/words/log.ts';
import type { Check } from '../../engine/words/node.ts';
import { openDuckDb } from '../../loaders/duckdb/duckdb.ts';
import { type DyingKind, dyingContext, dyingNode, seedFile } from './dying-node.ts';
import { checkOf, openWorkbench, type Workbench } from './workbench.ts';

const kinds = [
  'table',
  'view',
  'seed',
  'incremental',
  'snapshot',
  'history',
  'recorded',
  'identity',
] as const satisfies readonly DyingKind[];
const first = "select 'k' || range as id, 1 as valid, 1 as recorded, 'a' as name from range(20)";
const second = `
  from log
  union all select 'k' || range, 2, 2, 'b' from range(3)
  union all select 'new' || range, 1, 3, 'c' from range(2)`;
const kept = { schema: 'audit', name: 'gate' };

/** Its failing rows are kept; the new keys of the second log break it. */
const keeping: Check = {
  ...checkOf("id like 'new%'"),
  store: { kind: 'table', relation: async () => kept },
};
/** Of a template that is wrong SQL, or divides by what is not there. */
const erring = checkOf("id like 'new%' and error('the test itself is wrong') is null");

async function grow(bench: Workbench, rows: string): Promise<void> {
  await bench.run(`create or replace table log as ${rows}`);
  await bench.run(`copy log to '${seedFile(bench.path)}' (header)`);
}

/** Every table of the node with its rows, and what is remembered of it. */
async function readAll(bench: Workbench, node: PlacedNode) {
  const names = await bench.rows(`
    select table_schema || '.' || table_name as name from information_schema.tables
    where (table_schema = 'mart' or table_name like '%mart__thing') and table_name <> 'nodes'
    order by 1`);
  const tables: unknown[] = [];
  for (const { name } of names) {
    tables.push([name, await bench.rows(`select * from ${name} order by all`)]);
  }
  const state = await readNodeState(bench.warehouse, node);
  return { tables, dataVersion: state?.dataVersion, watermark: state?.watermark };
}

test.each(kinds)(
  '%s: a gate that fails or errs keeps the rows that stood, for every reader, and one mended lets the new ones in',
  async (kind) => {
    await using bench = await openWorkbench();
    const build = (check: Check, runId: string) =>
      materialize(bench.warehouse, dyingNode(kind, check), dyingContext(kind, bench.path, runId));
    await grow(bench, first);
    await build(keeping, 'first');
    // A view shows what it reads: only its own text is held back.
    await grow(bench, second);
    const before = await readAll(bench, dyingNode(kind));

    const withheld = await build(keeping, 'second');
    expect(withheld).toMatchObject({ action: 'withheld', rows: 0, dataVersion: undefined });
    expect(withheld.failures).toMatchObject([{ severity: 'error', rows: 2 }]);
    expect(await readAll(bench, dyingNode(kind))).toEqual(before);
    expect(await bench.rows('select distinct id from audit.gate order by 1')).toEqual([
      { id: 'new0' },
      { id: 'new1' },
    ]);

    await expect(build(erring, 'second')).rejects.toThrow(
      /^the test id like .* \(models\/schema\.yml\): .*the test itself is wrong/s,
    );
    expect(await readAll(bench, dyingNode(kind))).toEqual(before);

    const warned = await build({ ...keeping, severity: 'warn' }, 'second');
    expect(warned.failures).toMatchObject([{ severity: 'warn', rows: 2 }]);
    const after = await readAll(bench, dyingNode(kind));
    expect(after.dataVersion).toBe('second');
    await using undisturbed = await openWorkbench();
    await grow(undisturbed, first);
    for (const runId of ['first', 'second']) {
      if (runId === 'second') await grow(undisturbed, second);
      const context = dyingContext(kind, undisturbed.path, runId);
      await materialize(undisturbed.warehouse, dyingNode(kind), context);
    }
    expect(after).toEqual(await readAll(undisturbed, dyingNode(kind)));
  },
);

test('readers see the rows that stood until a build is published, and never a part of it', async () => {
  await using bench = await openWorkbench();
  const node = dyingNode('table', checkOf('n < 0'));
  const large = (value: number) => `select ${value} as n, range as id from range(200000)`;
  const context = dyingContext('table', bench.path, 'first');
  await materialize(bench.warehouse, { ...node, sql: large(0) }, context);
  let isBuilding = true;
  const seen = new Set<string>();
  const read = async () => {
    while (isBuilding) {
      const rows = await bench.rows(
        'select count(*) as rows, min(n) as a, max(n) as b from mart.thing',
      );
      seen.add(JSON.stringify(rows));
    }
  };
  const reading = Promise.all([read(), read()]);
  const built = [1, 2, 3, 4].map((value) => async () => {
    const isWithheld = value % 2 === 0;
    const next = {
      ...node,
      sql: large(value),
      checks: isWithheld ? [checkOf('n > 0')] : node.checks,
    };
    const result = await materialize(bench.warehouse, next, context);
    expect(result.action).toBe(isWithheld ? 'withheld' : 'replaced');
  });
  for (const step of built) await step();
  isBuilding = false;
  await reading;
  for (const text of seen) expect(text).toMatch(/^\[\{"rows":200000,"a":([013]),"b":\1\}\]$/);
});

test('a warehouse that is opened for reading says so, and builds nothing', async () => {
  await using bench = await openWorkbench();
  await grow(bench, first);
  await bench.warehouse[Symbol.asyncDispose]();
  await using reading = await openDuckDb({ path: bench.path, log: silentLog, readOnly: true });
  const node = dyingNode('table');
  const context = dyingContext('table', bench.path, 'first');
  await expect(materialize(reading, node, context)).rejects.toMatchObject({
    code: 'warehouse-read-only',
  });
  expect(await reading.query(sql`select count(*) as rows from log`)).toEqual([{ rows: 20 }]);
});
