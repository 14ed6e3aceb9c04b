import { stringify } from 'csv-stringify/sync';
import {
  IngestInDoubt,
  type IngestJob,
  type IngestResult,
  ingestCalls,
  type ResultRow,
  runIngest,
  uploadBytesMax,
} from '../../apis/salesforce/bulk-ingest.ts';
import { isBulkRefused } from '../../apis/salesforce/bulk-query.ts';
import { passingRowCodes } from '../../apis/salesforce/fault.ts';
import type { ChangeAction, WriteResult } from '../../engine/words/destination.ts';
import {
  assertThat,
  BudgetExhausted,
  messageOf,
  TransientError,
} from '../../engine/words/errors.ts';
import type { WriteScene } from './collection-write.ts';
import { type Row, reject } from './row.ts';
import { clearingCell, toCell } from './value.ts';

const operations = {
  create: 'insert',
  update: 'update',
  upsert: 'upsert',
  archive: 'delete',
} as const;

/** Rows that CSV cannot say: a text that would be read as "clear this field". */
export function isCsvable(row: Row): boolean {
  return !Object.values(row.record).includes(clearingCell);
}

/**
 * Writes rows of one action (and one match field) by bulk jobs; every row is settled, but those
 * handed back: of an object that bulk jobs do not take.
 */
export async function writeBulk(
  scene: WriteScene,
  action: ChangeAction,
  rows: readonly Row[],
): Promise<readonly Row[]> {
  const columns = listColumns(action, rows);
  const refused: Row[] = [];
  let stopped: string | undefined;
  for (const part of splitByBytes(action, rows, columns)) {
    // A job that runs out of budget half way would leave its rows in doubt: not begun at all then.
    if (scene.account.limiter.remaining() < ingestCalls) stopped ??= 'the daily call budget';
    if (stopped !== undefined) {
      for (const row of part.rows) scene.settle(row, { status: 'deferred', reason: stopped });
      continue;
    }
    try {
      stopped = await writePart(scene, action, part.rows, part.csv, columns);
    } catch (error) {
      if (!isBulkRefused(error)) throw error;
      refused.push(...part.rows);
    }
  }
  return refused;
}

/** The union of all rows' fields: taking the first row's would lose the others'. */
function listColumns(action: ChangeAction, rows: readonly Row[]): readonly string[] {
  if (action === 'archive') return ['Id'];
  return [...new Set(rows.flatMap((row) => Object.keys(row.record)))];
}

function* splitByBytes(
  action: ChangeAction,
  rows: readonly Row[],
  columns: readonly string[],
): Iterable<{ rows: readonly Row[]; csv: Buffer }> {
  const csv = printCsv(action, rows, columns);
  if (csv.length <= uploadBytesMax || rows.length === 1) {
    yield { rows, csv };
    return;
  }
  const middle = Math.ceil(rows.length / 2);
  yield* splitByBytes(action, rows.slice(0, middle), columns);
  yield* splitByBytes(action, rows.slice(middle), columns);
}

function printCsv(action: ChangeAction, rows: readonly Row[], columns: readonly string[]): Buffer {
  const cells = rows.map((row) => columns.map((column) => printCell(action, row, column)));
  return Buffer.from(stringify([[...columns], ...cells], { record_delimiter: '\n' }));
}

/** An absent field is an empty cell, which leaves it alone; null is said in so many letters. */
function printCell(action: ChangeAction, row: Row, column: string): string {
  const value = row.record[column];
  return value === undefined ? '' : toCell(value, action !== 'create');
}

async function writePart(
  scene: WriteScene,
  action: ChangeAction,
  rows: readonly Row[],
  csv: Buffer,
  columns: readonly string[],
): Promise<string | undefined> {
  const field = rows[0]?.change.match?.field;
  const job: IngestJob = {
    object: scene.object,
    operation: operations[action],
    ...(action === 'upsert' && field !== undefined ? { externalIdField: field } : {}),
    csv,
  };
  let result: IngestResult;
  try {
    result = await runIngest(scene.account, scene.clock, job, scene.signal);
  } catch (error) {
    const isHarmless = error instanceof TransientError || error instanceof BudgetExhausted;
    if (!isHarmless && !(error instanceof IngestInDoubt)) throw error;
    const reason = messageOf(error);
    const status = isHarmless ? 'deferred' : 'in_doubt';
    for (const row of rows) scene.settle(row, { status, reason });
    return error instanceof BudgetExhausted ? reason : undefined;
  }
  settleJob(scene, action, rows, columns, result);
  return undefined;
}

/**
 * Results come in Salesforce's order, so each is joined back by what it carries: the id of an
 * update or delete, the external id of an upsert. An insert has neither and is joined by all its
 * submitted cells: rows equal in all of them are the same to Salesforce, so any of them may take
 * any of their results. A row without a result is in doubt.
 */
function settleJob(
  scene: WriteScene,
  action: ChangeAction,
  rows: readonly Row[],
  columns: readonly string[],
  result: IngestResult,
): void {
  const field = rows[0]?.change.match?.field;
  const keyColumns = action === 'create' ? columns : [action === 'upsert' ? (field ?? '') : 'Id'];
  const waiting = new Map<string, Row[]>();
  for (const row of rows) {
    const key = joinKey(keyColumns.map((column) => printCell(action, row, column)));
    const same = waiting.get(key);
    if (same === undefined) waiting.set(key, [row]);
    else same.push(row);
  }
  const take = (found: ResultRow): Row | undefined =>
    waiting.get(joinKey(keyColumns.map((column) => found[column] ?? '')))?.shift();
  const settle = (
    list: readonly ResultRow[],
    judge: (found: ResultRow, row: Row) => WriteResult,
  ) => {
    for (const found of list) {
      const row = take(found);
      if (row !== undefined) scene.settle(row, judge(found, row));
    }
  };
  settle(result.successful, (found, row) => ({
    status: 'written',
    id: found['sf__Id'] ?? row.change.id ?? '',
    created: found['sf__Created'] === 'true',
  }));
  settle(result.failed, (found, row) => judgeFailure(action, row, found['sf__Error'] ?? ''));
  const { refusal } = result;
  settle(result.unprocessed, () =>
    refusal === undefined
      ? { status: 'deferred', reason: `bulk job ${result.jobId} ended before this row` }
      : reject('INVALID_BATCH', refusal, undefined),
  );
  for (const row of [...waiting.values()].flat()) {
    const reason = `bulk job ${result.jobId} has no result for this row`;
    scene.settle(row, { status: 'in_doubt', reason });
  }
}

/** Line ends inside cells may come back in another form. */
function joinKey(cells: readonly string[]): string {
  return JSON.stringify(cells.map((cell) => cell.replace(/\r\n?/g, '\n')));
}

/** `CODE:message:fields --`, as bulk results have it. */
function judgeFailure(action: ChangeAction, row: Row, error: string): WriteResult {
  const match = /^([A-Z][A-Z0-9_]+):([\s\S]*?)(?::([\w., ]*) ?--)?$/.exec(error);
  const code = match?.[1] ?? 'UNKNOWN';
  if (passingRowCodes.has(code)) return { status: 'deferred', reason: code };
  if (action === 'archive' && code === 'ENTITY_IS_DELETED') {
    assertThat(row.change.id !== undefined, 'archive of a record without its id');
    return { status: 'written', id: row.change.id, created: false };
  }
  const fields = match?.[3]?.split(/[, ]+/).filter((name) => name !== '');
  return reject(code, (match?.[2] ?? error).trim(), fields);
}
