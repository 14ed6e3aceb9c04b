import { sql } from 'kysely';
import type { ColumnType } from '../words/stream.ts';
import type { Relation } from '../words/table.ts';
import type { Session, Warehouse } from '../words/warehouse.ts';
import { insertRows, typeColumns } from './insert-rows.ts';
import { ensureOffsetTable, readOffset, writeOffset } from './offsets.ts';
import type { RunRecord, RunStore, StepRecord } from './runs.ts';

export const runsTable: Relation = { schema: 'tidemill', name: 'runs' };
export const runStepsTable: Relation = { schema: 'tidemill', name: 'run_steps' };

/** Rows copied in one transaction. */
const copyPageMax = 1_000;
/** Pages of one copy; what is left is copied after the next run. */
const copyPagesMax = 1_000;

interface Log<Entry extends { readonly change: number }> {
  /** The offset's name. */
  readonly name: string;
  readonly table: Relation;
  readonly columns: readonly (readonly [string, ColumnType, (entry: Entry) => unknown])[];
  /** Columns that name a row: a changed entry replaces the row copied before. */
  readonly key: readonly string[];
  changedAfter(change: number, limit: number): readonly Entry[];
}

function runsLog(runs: RunStore): Log<RunRecord> {
  return {
    name: 'runs',
    table: runsTable,
    key: ['run_id'],
    columns: [
      ['run_id', 'string', (run) => run.runId],
      ['command', 'string', (run) => run.command],
      ['pipeline', 'string', (run) => run.pipeline],
      ['status', 'string', (run) => run.status],
      ['boundary_at', 'timestamp', (run) => run.boundaryAt],
      ['started_at', 'timestamp', (run) => run.startedAt],
      ['finished_at', 'timestamp', (run) => run.finishedAt],
      ['pid', 'integer', (run) => run.pid],
      ['host', 'string', (run) => run.host],
      ['error_code', 'string', (run) => run.errorCode],
      ['error_message', 'string', (run) => run.errorMessage],
      ['counts', 'json', (run) => JSON.stringify(run.counts)],
    ],
    changedAfter: runs.runsChangedAfter,
  };
}

function stepsLog(runs: RunStore): Log<StepRecord> {
  return {
    name: 'run_steps',
    table: runStepsTable,
    key: ['run_id', 'step'],
    columns: [
      ['run_id', 'string', (step) => step.runId],
      ['step', 'string', (step) => step.step],
      ['kind', 'string', (step) => step.kind],
      ['name', 'string', (step) => step.name],
      ['status', 'string', (step) => step.status],
      ['reason', 'string', (step) => step.reason],
      ['started_at', 'timestamp', (step) => step.startedAt],
      ['finished_at', 'timestamp', (step) => step.finishedAt],
      ['error_code', 'string', (step) => step.errorCode],
      ['error_message', 'string', (step) => step.errorMessage],
      ['counts', 'json', (step) => JSON.stringify(step.counts)],
    ],
    changedAfter: runs.stepsChangedAfter,
  };
}

/**
 * Copies what changed in the log of runs into `tidemill.runs` and `tidemill.run_steps`, for
 * analysts. Rows and the place reached are one transaction: killed at any point, the next call
 * copies what is missing and nothing twice. Answers how many rows were copied.
 */
export async function copyRuns(warehouse: Warehouse, runs: RunStore): Promise<number> {
  await ensureOffsetTable(warehouse);
  const copiedRuns = await copyLog(warehouse, runsLog(runs), runs.newestChange());
  return copiedRuns + (await copyLog(warehouse, stepsLog(runs), runs.newestChange()));
}

async function copyLog<Entry extends { readonly change: number }>(
  warehouse: Warehouse,
  log: Log<Entry>,
  newestChange: number,
): Promise<number> {
  await ensureCopy(warehouse, log);
  const reached = await readOffset(warehouse, log.name);
  // Further than the log itself: `state.db` was replaced by a younger one. Its rows are all new.
  let position = reached > newestChange ? 0 : reached;
  let copied = 0;
  for (let page = 0; page < copyPagesMax; page += 1) {
    const entries = log.changedAfter(position, copyPageMax);
    const last = entries.at(-1)?.change;
    if (last === undefined) return copied;
    await warehouse.transaction(async (session) => {
      await replaceRows(session, warehouse, log, entries);
      await writeOffset(session, log.name, last);
    });
    position = last;
    copied += entries.length;
  }
  return copied;
}

async function ensureCopy<Entry extends { readonly change: number }>(
  warehouse: Warehouse,
  { table, columns }: Log<Entry>,
): Promise<void> {
  if (await warehouse.describe(table)) return;
  const typed = columns.map(
    ([name, type]) => sql`${sql.id(name)} ${sql.raw(warehouse.dialect.typeName(type))}`,
  );
  await warehouse.ddl([
    sql`create table if not exists ${sql.id(table.schema, table.name)} (${sql.join(typed)})`,
  ]);
}

async function replaceRows<Entry extends { readonly change: number }>(
  session: Session,
  { dialect }: Warehouse,
  { table, columns, key }: Log<Entry>,
  entries: readonly Entry[],
): Promise<void> {
  const keys = columns.filter(([name]) => key.includes(name));
  const cellsOf = (wanted: typeof columns) =>
    entries.map((entry) => wanted.map(([, , read]) => read(entry)));
  const isSame = sql.join(
    keys.map(([name]) => sql`changed.${sql.id(name)} = copied.${sql.id(name)}`),
    sql` and `,
  );
  await session.execute(sql`
    delete from ${sql.id(table.schema, table.name)} as copied
    where exists (
      select 1
      from ${dialect.rowsOf(typeColumns(dialect, keys), cellsOf(keys))} as changed
      where ${isSame}
    )`);
  await insertRows(session, dialect, table, typeColumns(dialect, columns), cellsOf(columns));
}
