import type { Clock } from '../words/clock.ts';
import type { WriteResult } from '../words/destination.ts';
import { BudgetExhausted, messageOf, TerminalError, TransientError } from '../words/errors.ts';
import type { Log } from '../words/log.ts';
import { retry } from './retry.ts';

/** Calls spent on finding the rows that make a CRM refuse a whole call. */
export const splitCallsMax = 40;

/** Why a CRM refused a whole call of rows and applied none of them. */
export interface Refusal<Row> {
  /** True where each of these rows has the fault, so that halving would tell nothing. */
  isShared(rows: readonly Row[]): boolean;
  reject(row: Row): WriteResult;
}

export interface ChunkWriter<Row> {
  /** Most rows of one call. */
  readonly rowsMax: number;
  /** May be sent twice: updates, upserts and archives by key. A create may not. */
  readonly isIdempotent: boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** One call. Settles rows by their answers; hands back those whose failure passes by itself. */
  send(rows: readonly Row[]): Promise<readonly Row[]>;
  /** Settles a row, once. */
  settle(row: Row, result: WriteResult): void;
  /** True where a failed call was certainly not executed. */
  isNotApplied(error: unknown): boolean;
  /** True where the other side asks for so long a wait that the next run is the better one. */
  isTooLong?(error: TransientError): boolean;
  /** The refusal of what was sent; undefined for any other error, which then ends the write. */
  readRefusal(error: TerminalError): Refusal<Row> | undefined;
}

/**
 * Writes rows in calls of `rowsMax`. Every row is settled, or an error is thrown that says that
 * those not settled were not applied: one that needs a person.
 */
export async function writeChunks<Row>(
  writer: ChunkWriter<Row>,
  rows: readonly Row[],
): Promise<void> {
  const splits = { left: splitCallsMax };
  let stopped: string | undefined;
  for (let at = 0; at < rows.length; at += writer.rowsMax) {
    const chunk = rows.slice(at, at + writer.rowsMax);
    if (stopped === undefined) stopped = await writeChunk(writer, chunk, splits);
    else settleAll(writer, chunk, { status: 'deferred', reason: stopped });
  }
}

function settleAll<Row>(writer: ChunkWriter<Row>, rows: readonly Row[], result: WriteResult): void {
  for (const row of rows) writer.settle(row, result);
}

/** Answers why no further call should be made, where that is so. */
async function writeChunk<Row>(
  writer: ChunkWriter<Row>,
  chunk: readonly Row[],
  splits: { left: number },
): Promise<string | undefined> {
  const { signal, clock, log } = writer;
  let waiting = chunk;
  let isDoubtful = false;
  const isRepeatable = (error: TransientError): boolean => {
    if (writer.isTooLong?.(error) === true) return false;
    if (writer.isNotApplied(error)) return true;
    isDoubtful = true;
    return writer.isIdempotent;
  };
  const sendWaiting = async (): Promise<void> => {
    waiting = await writer.send(waiting);
    if (waiting.length === 0) return;
    throw new TransientError(`${waiting.length} rows are locked`, { code: 'row-locked' });
  };
  try {
    await retry(sendWaiting, { signal, clock, log, isRepeatable });
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    const refusal = error instanceof TerminalError ? writer.readRefusal(error) : undefined;
    if (refusal !== undefined) return await settleRefusal(writer, waiting, refusal, splits);
    if (error instanceof TransientError && !writer.isNotApplied(error)) isDoubtful = true;
    const reason = messageOf(error);
    if (error instanceof TransientError || error instanceof BudgetExhausted) {
      settleAll(writer, waiting, { status: isDoubtful ? 'in_doubt' : 'deferred', reason });
      return error instanceof BudgetExhausted ? reason : undefined;
    }
    // A try before this one may have been applied.
    if (isDoubtful) settleAll(writer, waiting, { status: 'in_doubt', reason });
    throw error;
  }
}

/** The call is halved until the rows that are refused stand alone, within a limit of calls. */
async function settleRefusal<Row>(
  writer: ChunkWriter<Row>,
  rows: readonly Row[],
  refusal: Refusal<Row>,
  splits: { left: number },
): Promise<string | undefined> {
  if (rows.length === 1 || splits.left < 2 || refusal.isShared(rows)) {
    for (const row of rows) writer.settle(row, refusal.reject(row));
    return undefined;
  }
  splits.left -= 2;
  const middle = Math.ceil(rows.length / 2);
  const stopped = await writeChunk(writer, rows.slice(0, middle), splits);
  if (stopped === undefined) return writeChunk(writer, rows.slice(middle), splits);
  settleAll(writer, rows.slice(middle), { status: 'deferred', reason: stopped });
  return stopped;
}
