import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { readNodeStates } from '../../engine/state/nodes.ts';
import { materialize } from '../../engine/steps/materialize.ts';
import { silentLog } from '../../engine/words/log.ts';
import { openDuckDb } from '../../loaders/duckdb/duckdb.ts';
import { dyingContext, dyingNode, seedFile } from './dying-node.ts';
import { killAtEachPoint } from './kill-points.ts';
import { openWorkbench } from './workbench.ts';

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

const kinds = [
  'table',
  'ungated',
  'view',
  'seed',
  'incremental',
  'reshaped',
  'hooked',
  'snapshot',
  'history',
  'recorded',
  'identity',
] as const;
type Kind = (typeof kinds)[number];

/** Kills the second build of a node wherever it commits. */
async function killEverywhere(kind: Kind, hasStood: boolean): Promise<void> {
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
  if (kind === 'reshaped') await bench.run('alter table log add column more integer default 7');
  await bench.warehouse[Symbol.asyncDispose]();
  const before = await readThing(path);
  expect(before.builtBy).toEqual(hasStood ? ['first'] : []);
  let after = before;
  await killAtEachPoint(path, kind, async (killed, wasKilled) => {
    const found = await readThing(killed);
    if (!wasKilled) {
      expect(found.builtBy).toEqual(['second']);
      if (kind !== 'view') expect(found.rows).not.toEqual(before.rows);
      after = found;
      return;
    }
    // What is remembered is of the rows that stand: neither is ahead of the other.
    expect([before, after].find(({ builtBy }) => builtBy[0] === found.builtBy[0])).toEqual(found);
    await using warehouse = await openDuckDb({ path: killed, log: silentLog });
    await materialize(warehouse, node, dyingContext(kind, killed, 'third'));
    expect(await warehouse.query(sql`select * from mart.thing order by all`)).toEqual(after.rows);
    const leftovers = await warehouse.query(sql`
      select table_name from information_schema.tables where table_name like '%tidemill_next'`);
    expect(leftovers).toEqual([]);
  });
}

test.each(kinds)(
  '%s: killed wherever it commits it is whole, and the next build ends as if undisturbed',
  { timeout: 600_000 },
  (kind) => killEverywhere(kind, true),
);

test.each(kinds.filter((kind) => kind !== 'reshaped'))(
  '%s: killed in its first build there is nothing or all of it, and the next ends as if undisturbed',
  { timeout: 600_000 },
  (kind) => killEverywhere(kind, false),
);
