import { rmSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { materialize } from '../engine/steps/materialize.ts';
import { silentLog } from '../engine/words/log.ts';
import type { Warehouse } from '../engine/words/warehouse.ts';
import { openDuckDb } from '../loaders/duckdb/duckdb.ts';
import { contextOf } from './build-context.ts';
import { buildByHand, updateByHand } from './history-by-hand.ts';
import { createLog, historyNode, insertChanges, learnedAt } from './history-data.ts';
import { createSnapshot, createState, updateSnapshot, updateState } from './history-snapshot.ts';
import { measure, medianOf, type Sample } from './measure.ts';

/** Measured and reference in turn, so that both see the machine as it is then; medians count. */
const rounds = 3;
const memoryLimit = '4GB';

/** Medians of one round each. */
export interface Compared {
  readonly ours: Sample;
  readonly byHand: Sample;
  readonly changed: number;
}

/**
 * One file for all benches of one scale: its log is written once and grows with every increment.
 */
export interface Base {
  readonly path: string;
  readonly rows: number;
  hasTables: boolean;
  batches: number;
}

/** Where the files of one run of the benches lie: gone when the process is. */
async function createFolder(): Promise<string> {
  const data = join(import.meta.dirname, '.data');
  await mkdir(data, { recursive: true });
  const folder = await mkdtemp(join(data, 'history-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const openBase = (path: string) => openDuckDb({ path, memoryLimit, log: silentLog });

export async function createBase(rows: number): Promise<Base> {
  const path = join(await createFolder(), 'base.duckdb');
  await using warehouse = await openBase(path);
  for (const statement of createLog(rows)) await warehouse.ddl([statement]);
  return { path, rows, hasTables: false, batches: 0 };
}

/** A history of the whole log, and the same by the query; both end written into the file. */
export async function compareFull(base: Base): Promise<Compared> {
  await using warehouse = await openBase(base.path);
  const ours: Sample[] = [];
  const byHand: Sample[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await warehouse.ddl([sql`drop table if exists mart.history`]);
    byHand.push(await measureToFile(warehouse, () => warehouse.ddl([sql.raw(buildByHand)])));
    await warehouse.ddl([sql`drop table plain`]);
    const build = () => materialize(warehouse, historyNode, contextOf(`build ${round}`));
    ours.push(await measureToFile(warehouse, build));
  }
  return { ours: medianOf(ours), byHand: medianOf(byHand), changed: base.rows };
}

/** The tables that an increment brings up to date: ours, the one by hand, and dbt's snapshot. */
async function requireTables(warehouse: Warehouse, base: Base): Promise<void> {
  if (base.hasTables) return;
  await materialize(warehouse, historyNode, contextOf('base'));
  await warehouse.ddl([sql`create table by_hand as select * from mart.history`]);
  await warehouse.ddl([sql.raw(createState), sql.raw(createSnapshot)]);
  base.hasTables = true;
}

/** Changes some keys and brings all three tables up to date, each in its own way; and again. */
export async function compareIncrements(
  base: Base,
  percent: number,
): Promise<Compared & { readonly snapshot: Sample }> {
  const changed = Math.max(1, Math.round((base.rows * percent) / 100));
  const ours: Sample[] = [];
  const byHand: Sample[] = [];
  const snapshot: Sample[] = [];
  await using warehouse = await openBase(base.path);
  await requireTables(warehouse, base);
  for (let round = 0; round < rounds; round += 1) {
    const since = learnedAt(base.batches);
    base.batches += 1;
    await warehouse.execute(insertChanges(base.rows, changed, base.batches));
    await runTexts(warehouse, updateState(since));
    const run = (texts: readonly string[]) => () => runTexts(warehouse, texts);
    const build = () => materialize(warehouse, historyNode, contextOf(`batch ${base.batches}`));
    byHand.push(await measureAlone(warehouse, run(updateByHand(since))));
    ours.push(await measureAlone(warehouse, build));
    snapshot.push(await measureAlone(warehouse, run(updateSnapshot)));
  }
  await requireEqual(warehouse);
  return {
    ours: medianOf(ours),
    byHand: medianOf(byHand),
    snapshot: medianOf(snapshot),
    changed,
  };
}

/** What others left to be written into the file is written before, and not on its bill. */
async function measureAlone(warehouse: Warehouse, work: () => Promise<unknown>): Promise<Sample> {
  await warehouse.checkpoint();
  return measure(work);
}

/** A copy is swapped in when it is in the file; the table by hand must have come as far. */
function measureToFile(warehouse: Warehouse, work: () => Promise<unknown>): Promise<Sample> {
  return measureAlone(warehouse, async () => {
    await work();
    await warehouse.checkpoint();
  });
}

async function runTexts(warehouse: Warehouse, texts: readonly string[]): Promise<void> {
  await warehouse.transaction(async (session) => {
    for (const text of texts) await session.execute(sql.raw(text));
  });
}

/** By the sum of their rows' hashes: comparing the rows would take longer than the benches. */
async function requireEqual(warehouse: Warehouse): Promise<void> {
  const sumUp = (table: string) => sql`
    select count(*) || ' ' || sum(hash(t)) as text from ${sql.table(table)} as t`;
  const [ours] = await warehouse.query<{ text: string }>(sumUp('mart.history'));
  const [byHand] = await warehouse.query<{ text: string }>(sumUp('by_hand'));
  if (ours?.text !== byHand?.text) throw new Error('our rows differ from those by hand');
}
