import type { SalesforceAccount } from '../../apis/salesforce/account.ts';
import {
  type CollectionCall,
  collectionRecordsMax,
  type SaveResult,
  saveCollection,
} from '../../apis/salesforce/collection.ts';
import { findFault, passingRowCodes, type SalesforceFault } from '../../apis/salesforce/fault.ts';
import { isNotApplied } from '../../engine/wire/http.ts';
import { retry } from '../../engine/wire/retry.ts';
import type { Clock } from '../../engine/words/clock.ts';
import type { ChangeAction, WriteResult } from '../../engine/words/destination.ts';
import {
  assertThat,
  BudgetExhausted,
  messageOf,
  TerminalError,
  TransientError,
} from '../../engine/words/errors.ts';
import type { Log } from '../../engine/words/log.ts';
import { type Row, reject } from './row.ts';

/** Calls spent on finding the rows that make Salesforce refuse a whole call. */
export const splitCallsMax = 40;

export interface WriteScene {
  readonly account: SalesforceAccount;
  readonly object: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Settles one row, once. */
  settle(row: Row, result: WriteResult): void;
}

/** Writes rows of one action (and one match field) in calls of 200; every row is settled. */
export async function writeCollections(
  scene: WriteScene,
  action: ChangeAction,
  rows: readonly Row[],
): Promise<void> {
  const splits = { left: splitCallsMax };
  let stopped: string | undefined;
  for (let at = 0; at < rows.length; at += collectionRecordsMax) {
    const chunk = rows.slice(at, at + collectionRecordsMax);
    if (stopped !== undefined) {
      for (const row of chunk) scene.settle(row, { status: 'deferred', reason: stopped });
      continue;
    }
    stopped = await writeChunk(scene, action, chunk, splits);
  }
}

/** Answers why no further call should be made, where that is so. */
async function writeChunk(
  scene: WriteScene,
  action: ChangeAction,
  chunk: readonly Row[],
  splits: { left: number },
): Promise<string | undefined> {
  let waiting = chunk;
  let isDoubtful = false;
  // Updates, upserts and deletes by key may be sent twice; a create may not.
  const isIdempotent = action !== 'create';
  try {
    await retry(
      async () => {
        const results = await saveCollection(
          scene.account,
          scene.object,
          toCall(action, waiting),
          scene.signal,
        );
        waiting = settleResults(scene, action, waiting, results);
        if (waiting.length === 0) return;
        throw new TransientError(`${waiting.length} rows are locked`, { code: 'row-locked' });
      },
      {
        signal: scene.signal,
        clock: scene.clock,
        log: scene.log,
        isRepeatable(error) {
          if (isNotApplied(error)) return true;
          isDoubtful = true;
          return isIdempotent;
        },
      },
    );
    return undefined;
  } catch (error) {
    scene.signal.throwIfAborted();
    const fault = findFault(error);
    if (error instanceof TerminalError && fault !== undefined && !stopsAll(error)) {
      return await settleRefusal(scene, action, waiting, fault, splits);
    }
    if (error instanceof TransientError || error instanceof BudgetExhausted) {
      if (error instanceof TransientError && !isNotApplied(error)) isDoubtful = true;
      const reason = messageOf(error);
      const status = isDoubtful ? 'in_doubt' : 'deferred';
      for (const row of waiting) scene.settle(row, { status, reason });
      return error instanceof BudgetExhausted ? reason : undefined;
    }
    throw error;
  }
}

/** Refusals of the user or the app, not of what was sent: a person must act. */
function stopsAll(error: TerminalError): boolean {
  return error.code === 'permission-missing' || error.code === 'credentials-refused';
}

function toCall(action: ChangeAction, rows: readonly Row[]): CollectionCall {
  const records = rows.map((row) => row.record);
  switch (action) {
    case 'create':
    case 'update':
      return { action, records };
    case 'upsert': {
      const field = rows[0]?.change.match?.field;
      assertThat(field !== undefined, 'upsert without its unique field');
      return { action, field, records };
    }
    case 'archive':
      return { action, ids: rows.map((row) => String(row.record['Id'])) };
  }
}

/** Settles what has an answer; hands back the rows whose failure passes by itself. */
function settleResults(
  scene: WriteScene,
  action: ChangeAction,
  rows: readonly Row[],
  results: readonly SaveResult[],
): readonly Row[] {
  return rows.filter((row, index) => {
    const result = results[index];
    assertThat(result !== undefined, 'a row of a collections call has no answer');
    const error = result.errors[0];
    if (!result.success && error !== undefined && passingRowCodes.has(error.statusCode))
      return true;
    scene.settle(row, toWriteResult(action, row, result));
    return false;
  });
}

function toWriteResult(action: ChangeAction, row: Row, result: SaveResult): WriteResult {
  if (result.success) {
    const id = result.id ?? row.change.id ?? '';
    return { status: 'written', id, created: action === 'create' || result.created === true };
  }
  const error = result.errors[0];
  // A delete that was sent twice, or that a person was quicker to do: the record is gone.
  if (action === 'archive' && error?.statusCode === 'ENTITY_IS_DELETED') {
    return { status: 'written', id: row.change.id ?? '', created: false };
  }
  return reject(error?.statusCode ?? 'UNKNOWN', error?.message ?? '', error?.fields);
}

/**
 * One malformed row makes Salesforce refuse its whole call, and nothing was applied. The call is
 * halved until the rows that are refused stand alone, within a limit of calls.
 */
async function settleRefusal(
  scene: WriteScene,
  action: ChangeAction,
  rows: readonly Row[],
  fault: SalesforceFault,
  splits: { left: number },
): Promise<string | undefined> {
  const column = /No such column '([\w.]{1,120})'/.exec(fault.message)?.[1];
  const isShared = column !== undefined && rows.every((row) => column in row.record);
  if (rows.length === 1 || isShared || splits.left < 2) {
    const fields = column === undefined ? fault.fields : [column];
    for (const row of rows) scene.settle(row, reject(fault.errorCode, fault.message, fields));
    return undefined;
  }
  splits.left -= 2;
  const middle = Math.ceil(rows.length / 2);
  const stopped = await writeChunk(scene, action, rows.slice(0, middle), splits);
  if (stopped !== undefined) {
    for (const row of rows.slice(middle))
      scene.settle(row, { status: 'deferred', reason: stopped });
    return stopped;
  }
  return writeChunk(scene, action, rows.slice(middle), splits);
}
