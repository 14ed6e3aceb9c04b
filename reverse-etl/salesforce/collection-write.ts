import type { SalesforceAccount } from '../../apis/salesforce/account.ts';
import {
  type CollectionCall,
  collectionRecordsMax,
  type SaveResult,
  saveCollection,
} from '../../apis/salesforce/collection.ts';
import { findFault, passingRowCodes } from '../../apis/salesforce/fault.ts';
import { isNotApplied } from '../../engine/wire/http.ts';
import { type ChunkWriter, type Refusal, writeChunks } from '../../engine/wire/write-chunks.ts';
import type { Clock } from '../../engine/words/clock.ts';
import type { ChangeAction, WriteResult } from '../../engine/words/destination.ts';
import { assertThat, type TerminalError } from '../../engine/words/errors.ts';
import type { Log } from '../../engine/words/log.ts';
import { type Row, reject } from './row.ts';

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
export function writeCollections(
  scene: WriteScene,
  action: ChangeAction,
  rows: readonly Row[],
): Promise<void> {
  const { account, object, clock, log, signal } = scene;
  const writer: ChunkWriter<Row> = {
    rowsMax: collectionRecordsMax,
    isIdempotent: action !== 'create',
    clock,
    log,
    signal,
    async send(waiting) {
      const results = await saveCollection(account, object, toCall(action, waiting), signal);
      return settleResults(scene, action, waiting, results);
    },
    settle: scene.settle,
    isNotApplied,
    readRefusal,
  };
  return writeChunks(writer, rows);
}

/** Where the user or the app was refused, not what was sent, a person must act: no refusal. */
function readRefusal(error: TerminalError): Refusal<Row> | undefined {
  const fault = findFault(error);
  const stops = error.code === 'permission-missing' || error.code === 'credentials-refused';
  if (fault === undefined || stops) return undefined;
  const column = /No such column '([\w.]{1,120})'/.exec(fault.message)?.[1];
  const fields = column === undefined ? fault.fields : [column];
  return {
    isShared: (rows) => column !== undefined && rows.every((row) => column in row.record),
    reject: () => reject(fault.errorCode, fault.message, fields),
  };
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
