import { openSpool, type Spool } from '../wire/spool.ts';
import type { Log } from '../words/log.ts';
import type { Cursor, Page, Stream, StreamSettings } from '../words/stream.ts';
import type { Warehouse } from '../words/warehouse.ts';
import { type BatchContext, landBatch, type WaitingPage } from './land-batch.ts';
import { prepareTable } from './land-table.ts';

const batchRecordsMaxDefault = 200_000;
const batchBytesMaxDefault = 512 * 1_048_576;
/** Pages without a known number of records count as this many. */
const recordsPerUnknownPage = 2_000;
/** However slow the source is, what it sent is durable after this long. */
const batchAgeMaxMs = 30_000;
const guardRatioDefault = 0.2;

export interface LandOptions {
  readonly connection: string;
  readonly stream: Stream;
  readonly settings: StreamSettings;
  readonly runId: string;
  /** The run's boundary, milliseconds since the epoch: `_observed_at` of what is new. */
  readonly boundaryMs: number;
  /** Where pages wait for their transaction; emptied afterwards, also of what a killed run left. */
  readonly spoolFolder: string;
  /** The share of live records that may be absent from a complete scan and be believed deleted. */
  readonly guardRatio?: number;
  readonly batchRecordsMax?: number;
  readonly batchBytesMax?: number;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** After every page: records and bytes that arrived so far. */
  readonly onProgress?: (progress: LandProgress) => void;
  readonly mintBatchId: () => string;
}

export interface LandProgress {
  readonly records: number;
  readonly bytes: number;
}

export interface LandResult {
  readonly pages: number;
  readonly batches: number;
  readonly bytes: number;
  /** Records that arrived, known versions included. */
  readonly records: number;
  /** Versions that were new: rows appended, deletions included. */
  readonly inserted: number;
  readonly deletedByAbsence: number;
  /** The last cursor that was committed, if any was offered. */
  readonly cursor: Cursor | undefined;
  readonly columnsAdded: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Lands one stream's pages in `raw_<connection>.<stream>`. Rows and cursor are committed together,
 * batch by batch, so landing any page again is harmless. When the pages end in an error, what came
 * before it is committed, then the error is thrown; when a batch fails, nothing of it is left.
 */
export async function landStream(
  warehouse: Warehouse,
  pages: AsyncIterable<Page>,
  options: LandOptions,
): Promise<LandResult> {
  const prepared = await prepareTable(warehouse, options);
  await using spool = await openSpool(options.spoolFolder);
  const batches = createBatches(warehouse, spool, options, prepared);
  let failure: { readonly error: unknown } | undefined;
  const source = pages[Symbol.asyncIterator]();
  try {
    for (;;) {
      options.signal.throwIfAborted();
      const next = await source.next().catch((error: unknown) => {
        failure = { error };
      });
      if (next === undefined || next.done) break;
      await batches.add(next.value);
    }
  } catch (error) {
    failure ??= { error };
    await source.return?.().catch(() => undefined);
  }
  if (!batches.hasFailed()) await batches.flush();
  if (failure) throw failure.error;
  const { columnsAdded, warnings } = prepared;
  const result = batches.result();
  return { ...result, columnsAdded, warnings: [...warnings, ...result.warnings] };
}

type Totals = Omit<LandResult, 'columnsAdded'>;

/** Gathers pages into batches and lands each when it is large or old enough. */
function createBatches(
  warehouse: Warehouse,
  spool: Spool,
  options: LandOptions,
  prepared: Awaited<ReturnType<typeof prepareTable>>,
) {
  const recordsMax = options.batchRecordsMax ?? batchRecordsMaxDefault;
  const bytesMax = options.batchBytesMax ?? batchBytesMaxDefault;
  const key = { connection: options.connection, stream: options.stream.name };
  const arrived = { pages: 0, records: 0, bytes: 0 };
  let totals: Totals = {
    ...arrived,
    batches: 0,
    inserted: 0,
    deletedByAbsence: 0,
    cursor: undefined,
    warnings: [],
  };
  let waiting: WaitingPage[] = [];
  let waitingRecords = 0;
  let waitingBytes = 0;
  let openedMs = 0;
  let hasFailed = false;

  const flush = async (): Promise<void> => {
    if (waiting.length === 0) return;
    const context: BatchContext = {
      key,
      table: prepared.table,
      observation: { observedAt: prepared.observedAt, batchId: options.mintBatchId() },
      runId: options.runId,
      guardRatio: options.guardRatio ?? guardRatioDefault,
      isFirstLoad: prepared.isFirstLoad,
    };
    const pages = waiting;
    const landed = await landBatch(warehouse, context, pages).catch((error: unknown) => {
      hasFailed = true;
      throw error;
    });
    totals = {
      ...totals,
      batches: totals.batches + 1,
      records: totals.records + landed.records,
      inserted: totals.inserted + landed.inserted,
      deletedByAbsence: totals.deletedByAbsence + landed.deletedByAbsence,
      cursor: landed.cursor ?? totals.cursor,
      warnings: [...totals.warnings, ...landed.warnings],
    };
    waiting = [];
    waitingRecords = 0;
    waitingBytes = 0;
    await spool.remove(pages.map(({ file }) => file));
    options.log.debug('land.batch', {
      ...key,
      pages: pages.length,
      records: landed.records,
      inserted: landed.inserted,
    });
  };

  return {
    flush,
    hasFailed: () => hasFailed,
    result: () => ({ ...totals, pages: arrived.pages, bytes: arrived.bytes }),
    async add({ body, ...page }: Page): Promise<void> {
      const file = await spool.add({ ...page, body });
      if (waiting.length === 0) openedMs = performance.now();
      waiting.push({ page, file });
      const records = file.records ?? recordsPerUnknownPage;
      waitingRecords += records;
      waitingBytes += file.bytes;
      arrived.pages += 1;
      arrived.records += records;
      arrived.bytes += file.bytes;
      options.onProgress?.({ records: arrived.records, bytes: arrived.bytes });
      const isFull =
        waitingRecords >= recordsMax ||
        waitingBytes >= bytesMax ||
        performance.now() - openedMs >= batchAgeMaxMs;
      if (isFull) await flush();
    },
  };
}
