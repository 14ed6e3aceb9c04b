import { type RawBuilder, sql } from 'kysely';
import { messageOf, TerminalError, TransientError } from '../words/errors.ts';
import type { Cursor, Page } from '../words/stream.ts';
import type { PageFile, Session, Warehouse } from '../words/warehouse.ts';
import { type StreamKey, saveCursor } from './land-cursor.ts';
import { addScanKeys, completeScan, openScan } from './land-scan.ts';
import {
  appendRecords,
  countRecords,
  countRepeats,
  goneStage,
  insertRecords,
  insertTombstones,
  type LandTable,
  type Observation,
  rowsOfBatch,
  stage,
  stageRecords,
  stageTombstones,
} from './land-statements.ts';
import { batchesTable, named, streamsTable } from './land-tables.ts';

/** A page whose bytes are in a file: all that is left of it in memory. */
export interface WaitingPage {
  readonly page: Omit<Page, 'body'>;
  readonly file: PageFile & { readonly bytes: number };
}

export interface BatchContext {
  readonly key: StreamKey;
  readonly table: LandTable;
  readonly observation: Observation;
  readonly runId: string;
  readonly guardRatio: number;
  /** No rows were in the table before this landing began. */
  readonly isFirstLoad: boolean;
}

export interface BatchResult {
  readonly records: number;
  readonly inserted: number;
  readonly deletedByAbsence: number;
  readonly cursor: Cursor | undefined;
  readonly warnings: readonly string[];
}

/** Neighbouring pages that one statement can take. */
interface Segment {
  readonly kind: 'records' | 'tombstones';
  readonly scan: Page['scan'];
  readonly files: PageFile[];
}

function toSegments(pages: readonly WaitingPage[]): readonly Segment[] {
  const segments: Segment[] = [];
  for (const { page, file } of pages) {
    const kind = page.kind ?? 'records';
    const last = segments.at(-1);
    const fits =
      last && last.kind === kind && last.scan?.id === page.scan?.id && !last.scan?.complete;
    if (fits) {
      last.files.push(file);
      if (page.scan?.complete) segments[segments.length - 1] = { ...last, scan: page.scan };
    } else {
      segments.push({ kind, scan: page.scan, files: [file] });
    }
  }
  return segments;
}

interface Counts {
  readonly records: number;
  readonly identified: number;
  readonly versions: number;
}

/** What the source said it sent must be what the warehouse read. */
function assertCounts(context: BatchContext, files: readonly PageFile[], counts: Counts): void {
  const { connection, stream } = context.key;
  if (counts.identified < counts.records) {
    const missing = counts.records - counts.identified;
    throw new TerminalError(
      `${connection}.${stream}: ${missing} records came without ${context.table.stream.primaryKey.join(', ')}`,
      {
        code: 'invalid-record',
        hint: 'Look whether the source lets this account read the key of every record.',
        connection,
        stream,
      },
    );
  }
  if (files.some((file) => file.records === undefined)) return;
  const expected = files.reduce((sum, file) => sum + (file.records ?? 0), 0);
  if (expected === counts.records) return;
  throw new TransientError(
    `${connection}.${stream}: pages hold ${counts.records} records where the source said ${expected}`,
    {
      code: 'page-truncated',
      hint: 'A page arrived incomplete; it is read again.',
      connection,
      stream,
    },
  );
}

interface Landed {
  readonly records: number;
  readonly inserted: number;
}

async function landTombstones(
  session: Session,
  context: BatchContext,
  pages: RawBuilder<unknown>,
): Promise<Landed> {
  await session.execute(stageTombstones(context.table, pages));
  const [row] = await session.query<{ n: number }>(sql`select count(*) as n from ${goneStage}`);
  const inserted = await session.execute(insertTombstones(context.table, context.observation));
  await session.execute(sql`drop table ${goneStage}`);
  return { records: Number(row?.n ?? 0), inserted };
}

async function countRows(
  session: Session,
  context: BatchContext,
  files: readonly PageFile[],
  rows: RawBuilder<unknown>,
): Promise<Counts> {
  const [row] = await session.query<Counts>(countRecords(rows));
  const counts = row ?? { records: 0, identified: 0, versions: 0 };
  assertCounts(context, files, counts);
  return counts;
}

/**
 * The short way of a first load: rows go straight into the table and are compared afterwards.
 * Undefined, and nothing left of it, where a row came twice.
 */
async function appendAll(
  session: Session,
  context: BatchContext,
  segment: Segment,
  files: readonly PageFile[],
  pages: RawBuilder<unknown>,
): Promise<Landed | undefined> {
  const { table, observation, key } = context;
  const { batchId } = observation;
  const rows = rowsOfBatch(table, batchId);
  await session.execute(appendRecords(table, observation, pages));
  const counts = await countRows(session, context, files, rows);
  const [row] = await session.query<{ repeats: number }>(countRepeats(table, batchId));
  if (counts.versions < counts.records || Number(row?.repeats) > 0) {
    await session.execute(sql`delete from ${rows}`);
    return undefined;
  }
  if (segment.scan) await addScanKeys(session, key, segment.scan, rows);
  return { records: counts.records, inserted: counts.records };
}

async function landRecords(
  session: Session,
  context: BatchContext,
  segment: Segment,
  files: readonly PageFile[],
  pages: RawBuilder<unknown>,
): Promise<Landed> {
  const { table, observation, key } = context;
  await session.execute(stageRecords(table, pages));
  const counts = await countRows(session, context, files, stage);
  const hasDuplicates = counts.versions < counts.records;
  const inserted = await session.execute(insertRecords(table, observation, hasDuplicates));
  if (segment.scan) await addScanKeys(session, key, segment.scan, stage);
  await session.execute(sql`drop table ${stage}`);
  return { records: counts.records, inserted };
}

async function landSegment(
  warehouse: Warehouse,
  session: Session,
  context: BatchContext,
  segment: Segment,
  isAlone: boolean,
): Promise<Landed> {
  const files = segment.files.filter((file) => file.records !== 0);
  if (files.length === 0) return { records: 0, inserted: 0 };
  const pages = await warehouse.pages(session, files, context.table.stream);
  if (segment.kind === 'tombstones') return landTombstones(session, context, pages);
  const appended =
    context.isFirstLoad && isAlone
      ? await appendAll(session, context, segment, files, pages)
      : undefined;
  return appended ?? landRecords(session, context, segment, files, pages);
}

async function recordBatch(
  session: Session,
  context: BatchContext,
  pages: readonly WaitingPage[],
  totals: { readonly records: number; readonly inserted: number },
): Promise<void> {
  const { key, observation, runId } = context;
  const { batchId, observedAt } = observation;
  const bytes = pages.reduce((sum, { file }) => sum + file.bytes, 0);
  await session.execute(sql`
    insert into ${named(batchesTable)} (
      batch_id, connection, stream, run_id, observed_at, pages, records, inserted, bytes
    )
    values (
      ${batchId}, ${key.connection}, ${key.stream}, ${runId}, ${observedAt},
      ${pages.length}, ${totals.records}, ${totals.inserted}, ${bytes}
    )`);
  const version = totals.inserted > 0 ? sql`, data_version = ${batchId}` : sql``;
  await session.execute(sql`
    update ${named(streamsTable)} set observed_at = ${observedAt} ${version}
    where connection = ${key.connection} and stream = ${key.stream}`);
}

/** Lands pages in one transaction: rows, keys of a scan, and the last cursor offered with them. */
export async function landBatch(
  warehouse: Warehouse,
  context: BatchContext,
  pages: readonly WaitingPage[],
): Promise<BatchResult> {
  const segments = toSegments(pages);
  const cursor = pages.findLast(({ page }) => page.checkpoint !== undefined)?.page.checkpoint;
  try {
    return await warehouse.transaction(async (session) => {
      const totals = { records: 0, inserted: 0, deletedByAbsence: 0 };
      const warnings: string[] = [];
      const isAlone = segments.length === 1;
      for (const segment of segments) {
        if (segment.scan) await openScan(session, context.key, segment.scan, context.observation);
        const landed = await landSegment(warehouse, session, context, segment, isAlone);
        totals.records += landed.records;
        totals.inserted += landed.inserted;
        if (!segment.scan?.complete) continue;
        const { key, table, observation, guardRatio } = context;
        const outcome = await completeScan(session, key, table, observation, guardRatio);
        totals.inserted += outcome.deleted;
        totals.deletedByAbsence += outcome.deleted;
        if (outcome.warning !== undefined) warnings.push(outcome.warning);
      }
      await recordBatch(session, context, pages, totals);
      const { batchId, observedAt: at } = context.observation;
      if (cursor) await saveCursor(session, context.key, cursor, { batchId, at });
      return { ...totals, cursor, warnings };
    });
  } catch (error) {
    throw await explainFailure(warehouse, context, pages, error);
  }
}

const unreadable = new Set(['value-does-not-fit', 'invalid-record', 'invalid-page']);

/** Names the record and column a failed batch stumbled over. */
async function explainFailure(
  warehouse: Warehouse,
  context: BatchContext,
  pages: readonly WaitingPage[],
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof TerminalError) || !unreadable.has(error.code)) return error;
  const { connection, stream } = context.key;
  if (error.details.stream !== undefined) return error;
  const files = pages.map(({ file }) => file).filter((file) => file.records !== 0);
  const misfit =
    error.code === 'value-does-not-fit'
      ? await warehouse.findMisfit(files, context.table.stream).catch(() => undefined)
      : undefined;
  const details = { connection, stream, runId: context.runId, cause: error };
  if (misfit === undefined) {
    return new TerminalError(`${connection}.${stream}: ${messageOf(error)}`, {
      ...details,
      code: error.code,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
  const type = context.table.stream.columns.find(({ name }) => name === misfit.column)?.type;
  return new TerminalError(
    `${connection}.${stream}: record ${misfit.recordId} has a value in "${misfit.column}" that is no ${type}`,
    {
      ...details,
      code: 'value-does-not-fit',
      hint: `Correct the record at the source, or leave the field out: exclude: [${misfit.column}].`,
    },
  );
}
