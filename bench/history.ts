import { rmSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { materialize } from '../engine/steps/materialize.ts';
import { silentLog } from '../engine/words/log.ts';
import type { Warehouse } from '../engine/words/warehouse.ts';
import { openDuckDb } from '../loaders/duckdb/duckdb.ts';
import { buildByHand, updateByHand } from './history-by-hand.ts';
import { createLog, historyNode, insertChanges } from './history-data.ts';
import { type Bench, measure, round, type Sample } from './measure.ts';

const rowsInFull = 5_000_000;
const incrementalRatioMax = 2;
const fullRatioMax = 1.3;
/** Behind everything in the log at first, before every change. */
const since = '2025-05-01';

const contextOf = (runId: string) => ({
  runId,
  boundaryMs: Date.UTC(2025, 5, 1),
  fullRefresh: false,
  signal: new AbortController().signal,
  log: silentLog,
  inputs: {},
});

interface Base {
  readonly path: string;
  readonly rows: number;
  readonly build: Sample;
  readonly plain: Sample;
}

const bases = new Map<number, Promise<Base>>();

/** A log, its history as the engine builds it, and a copy for the statements written by hand. */
async function createBase(rows: number): Promise<Base> {
  const data = join(import.meta.dirname, '.data');
  await mkdir(data, { recursive: true });
  const folder = await mkdtemp(join(data, 'history-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'base.duckdb');
  await using warehouse = await openDuckDb({ path, log: silentLog });
  await warehouse.ddl([createLog(rows)]);
  const plain = await measure(() => warehouse.ddl([sql.raw(buildByHand)]));
  await warehouse.ddl([sql`drop table plain`]);
  const build = await measure(() => materialize(warehouse, historyNode, contextOf('first')));
  await warehouse.ddl([sql`create table by_hand as select * from mart.history`]);
  return { path, rows, build, plain };
}

function openBase(scale: number): Promise<Base> {
  const base = bases.get(scale) ?? createBase(Math.ceil(rowsInFull * scale));
  bases.set(scale, base);
  return base;
}

/**
 * Both tables are read from memory afterwards: neither side pays for the first look at the file.
 */
async function warmUp(warehouse: Warehouse): Promise<void> {
  for (const name of ['log', 'mart.history', 'by_hand']) {
    await warehouse.query(sql`select sum(hash(t)) from ${sql.table(name)} as t`);
  }
}

async function requireEqual(warehouse: Warehouse): Promise<void> {
  const [row] = await warehouse.query<{ different: number }>(sql`
    select count(*) as different
    from (
      (from mart.history except all from by_hand) union all (from by_hand except all from mart.history)
    ) as rows_of_one`);
  if (row?.different !== 0) throw new Error(`${row?.different} rows differ from those by hand`);
}

async function runByHand(warehouse: Warehouse): Promise<void> {
  await warehouse.transaction(async (session) => {
    for (const text of updateByHand(since)) await session.execute(sql.raw(text));
  });
}

function incrementalBench(percent: number): Bench {
  return {
    name: `history-incremental-${percent}pct`,
    async run(scale) {
      const base = await openBase(scale);
      const changed = Math.max(1, Math.round((base.rows * percent) / 100));
      const path = `${base.path}.${percent}.duckdb`;
      await copyFile(base.path, path);
      try {
        await using warehouse = await openDuckDb({ path, log: silentLog });
        await warehouse.execute(insertChanges(base.rows, changed));
        await warehouse.checkpoint();
        await warmUp(warehouse);
        const byHand = await measure(() => runByHand(warehouse));
        const ours = await measure(() => materialize(warehouse, historyNode, contextOf('second')));
        await requireEqual(warehouse);
        return compare(ours, byHand, changed, incrementalRatioMax, 'delete and derive by hand');
      } finally {
        await rm(path, { force: true });
      }
    },
  };
}

const fullBench: Bench = {
  name: 'history-full',
  async run(scale) {
    const { build, plain, rows } = await openBase(scale);
    return compare(build, plain, rows, fullRatioMax, 'window query that knows no late versions');
  },
};

function compare(ours: Sample, reference: Sample, rows: number, most: number, what: string) {
  const ratio = ours.seconds / reference.seconds;
  return {
    value: round(ours.seconds),
    unit: 's',
    reference: round(reference.seconds),
    ratio: round(ratio),
    target: `<= ${most} x ${what}`,
    met: ratio <= most,
    rows,
    cpu_s: round(ours.cpuSeconds),
    rss_mb: ours.rssMb,
  };
}

export const historyBenches: readonly Bench[] = [
  fullBench,
  incrementalBench(0.1),
  incrementalBench(1),
  incrementalBench(10),
];
