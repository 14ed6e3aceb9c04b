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
import { createSnapshot, createState, updateSnapshot } from './history-snapshot.ts';
import { measure, medianOf, type Sample } from './measure.ts';

/** Measured and reference in turn, so that both see the machine as it is then; medians count. */
const rounds = 3;
/** Behind everything in the log at first, before every change. */
const since = '2025-05-01';

/** Medians of one round each. */
export interface Compared {
  readonly ours: Sample;
  readonly byHand: Sample;
  readonly snapshot?: Sample;
  readonly changed: number;
}

const contextOf = (runId: string) => ({
  runId,
  boundaryMs: Date.UTC(2025, 5, 1),
  fullRefresh: false,
  signal: new AbortController().signal,
  log: silentLog,
  inputs: {},
});

/** Where the files of one run of the benches lie: gone when the process is. */
async function createFolder(): Promise<string> {
  const data = join(import.meta.dirname, '.data');
  await mkdir(data, { recursive: true });
  const folder = await mkdtemp(join(data, 'history-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Base {
  readonly path: string;
  readonly rows: number;
  readonly full: Compared;
}

/** A log; its history, built in turn with the query by hand; copies for the other statements. */
export async function createBase(rows: number): Promise<Base> {
  const path = join(await createFolder(), 'base.duckdb');
  await using warehouse = await openDuckDb({ path, log: silentLog });
  await warehouse.ddl([createLog(rows)]);
  await readWhole(warehouse, ['log']);
  const ours: Sample[] = [];
  const byHand: Sample[] = [];
  for (let round = 0; round < rounds; round += 1) {
    if (round > 0) await warehouse.ddl([sql`drop table mart.history`]);
    byHand.push(await measureAlone(warehouse, () => warehouse.ddl([sql.raw(buildByHand)])));
    await warehouse.ddl([sql`drop table plain`]);
    const build = () => materialize(warehouse, historyNode, contextOf(`build ${round}`));
    ours.push(await measureAlone(warehouse, build));
  }
  await warehouse.ddl([sql`create table by_hand as select * from mart.history`]);
  await warehouse.ddl([sql.raw(createState), sql.raw(createSnapshot)]);
  await warehouse.checkpoint();
  return {
    path,
    rows,
    full: { ours: medianOf(ours), byHand: medianOf(byHand), changed: rows },
  };
}

/** Changes some keys and brings all three tables up to date, each in its own way. */
export async function compareIncrements(base: Base, percent: number): Promise<Compared> {
  const changed = Math.max(1, Math.round((base.rows * percent) / 100));
  const prepared = `${base.path}.${percent}.duckdb`;
  const samples: Record<'ours' | 'byHand' | 'snapshot', Sample[]> = {
    ours: [],
    byHand: [],
    snapshot: [],
  };
  await copyFile(base.path, prepared);
  try {
    await using warehouse = await openDuckDb({ path: prepared, log: silentLog });
    await warehouse.execute(insertChanges(base.rows, changed));
    await warehouse.ddl([sql.raw(createState)]);
    await warehouse.checkpoint();
  } catch (error) {
    await rm(prepared, { force: true });
    throw error;
  }
  for (let round = 0; round < rounds; round += 1) {
    const path = `${prepared}.${round}.duckdb`;
    await copyFile(prepared, path);
    try {
      await using warehouse = await openDuckDb({ path, log: silentLog });
      await readWhole(warehouse, ['log', 'mart.history', 'by_hand', 'state', 'snapshot']);
      const run = (texts: readonly string[]) => () => runTexts(warehouse, texts);
      const build = () => materialize(warehouse, historyNode, contextOf('update'));
      samples.byHand.push(await measureAlone(warehouse, run(updateByHand(since))));
      samples.ours.push(await measureAlone(warehouse, build));
      samples.snapshot.push(await measureAlone(warehouse, run(updateSnapshot)));
      await requireEqual(warehouse);
    } finally {
      await rm(path, { force: true });
    }
  }
  await rm(prepared, { force: true });
  return {
    ours: medianOf(samples.ours),
    byHand: medianOf(samples.byHand),
    snapshot: medianOf(samples.snapshot),
    changed,
  };
}

/** What others left to be written into the file is written before, and not on its bill. */
async function measureAlone(warehouse: Warehouse, work: () => Promise<unknown>): Promise<Sample> {
  await warehouse.checkpoint();
  return measure(work);
}

/** Read from memory afterwards: nobody pays for the first look at the file. */
async function readWhole(warehouse: Warehouse, tables: readonly string[]): Promise<void> {
  for (const name of tables) {
    await warehouse.query(sql`select sum(hash(t)) from ${sql.table(name)} as t`);
  }
}

async function runTexts(warehouse: Warehouse, texts: readonly string[]): Promise<void> {
  await warehouse.transaction(async (session) => {
    for (const text of texts) await session.execute(sql.raw(text));
  });
}

async function requireEqual(warehouse: Warehouse): Promise<void> {
  const [row] = await warehouse.query<{ different: number }>(sql`
    select count(*) as different
    from (
      (from mart.history except all from by_hand) union all (from by_hand except all from mart.history)
    ) as rows_of_one`);
  if (row?.different !== 0) throw new Error(`${row?.different} rows differ from those by hand`);
}
