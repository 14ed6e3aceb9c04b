import type { HubSpotAccount } from '../../apis/hubspot/account.ts';
import type { AssociationType } from '../../apis/hubspot/association-type.ts';
import {
  type BatchAnswer,
  type BatchResult,
  batchInputsMax,
  saveBatch,
} from '../../apis/hubspot/batch.ts';
import { findFault, type HubSpotFault, isNotApplied, waitMsMax } from '../../apis/hubspot/fault.ts';
import { type ChunkWriter, writeChunks } from '../../engine/wire/write-chunks.ts';
import type { Clock } from '../../engine/words/clock.ts';
import type { ChangeAction, WriteResult } from '../../engine/words/destination.ts';
import { assertThat, type TerminalError } from '../../engine/words/errors.ts';
import type { JsonObject } from '../../engine/words/json.ts';
import type { Log } from '../../engine/words/log.ts';
import { type Row, reject } from './row.ts';

export interface WriteScene {
  readonly account: HubSpotAccount;
  readonly object: string;
  readonly objectPath: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** The plain relation to another object, by its name; found out before anything is written. */
  readonly types: ReadonlyMap<string, AssociationType>;
  /** Settles one row, once. */
  settle(row: Row, result: WriteResult): void;
}

/** Writes rows of one action (and one match field) in calls of 100; every row is settled. */
export function writeBatches(
  scene: WriteScene,
  action: ChangeAction,
  rows: readonly Row[],
): Promise<void> {
  const { account, objectPath, signal, clock, log } = scene;
  const writer: ChunkWriter<Row> = {
    rowsMax: batchInputsMax,
    isIdempotent: action !== 'create',
    clock,
    log,
    signal,
    async send(waiting) {
      const inputs = waiting.map((row) => toInput(scene, action, row));
      const answer = await saveBatch(account, objectPath, action, inputs, signal);
      return settleAnswer(scene, action, waiting, answer);
    },
    settle: scene.settle,
    isNotApplied,
    isTooLong: (error) => (error.retryAfterMs ?? 0) > waitMsMax,
    readRefusal(error) {
      const fault = findFault(error);
      if (fault === undefined || stopsAll(error)) return undefined;
      return { isShared: () => false, reject: (row) => reject(row, fault) };
    },
  };
  return writeChunks(writer, rows);
}

/** Refusals of the app, not of what was sent: a person must act. */
export function stopsAll(error: TerminalError): boolean {
  return error.code === 'permission-missing' || error.code === 'credentials-refused';
}

function toInput(scene: WriteScene, action: ChangeAction, row: Row): JsonObject {
  const { change, properties } = row;
  const objectWriteTraceId = String(row.index);
  switch (action) {
    case 'create': {
      const associations = (change.associations ?? []).map(({ to, id }) => {
        const type = scene.types.get(to);
        assertThat(type !== undefined, `no relation to ${to}`);
        return { to: { id }, types: [{ ...type }] };
      });
      return {
        properties,
        objectWriteTraceId,
        ...(associations.length > 0 ? { associations } : {}),
      };
    }
    case 'update':
      return { id: change.id ?? '', properties, objectWriteTraceId };
    case 'upsert': {
      const idProperty = change.match?.field ?? '';
      return { id: row.matchValue ?? '', idProperty, properties, objectWriteTraceId };
    }
    case 'archive':
      return { id: change.id ?? '' };
  }
}

/** Errors of rows that pass by themselves and whose work was not done. */
const passingCategories: ReadonlySet<string> = new Set(['RATE_LIMITS', 'LOCKED']);

/** Settles what has an answer; hands back the rows whose failure passes by itself. */
function settleAnswer(
  scene: WriteScene,
  action: ChangeAction,
  rows: readonly Row[],
  answer: BatchAnswer,
): readonly Row[] {
  if (action === 'archive' && answer.errors.length === 0) {
    // Archiving what is archived or gone is answered alike.
    for (const row of rows) scene.settle(row, written(row.change.id ?? '', false));
    return [];
  }
  const open = new Set(rows);
  const passing: Row[] = [];
  for (const result of answer.results) {
    const row = findRow(action, open, result);
    if (row === undefined) continue;
    open.delete(row);
    scene.settle(row, written(result.id, action === 'create' || result.isNew));
  }
  for (const fault of answer.errors) {
    for (const row of findRefused(open, fault, answer.errors.length)) {
      open.delete(row);
      if (passingCategories.has(fault.category)) passing.push(row);
      else scene.settle(row, reject(row, fault));
    }
  }
  for (const row of open) {
    const reason = 'HubSpot gave no answer for this row';
    scene.settle(row, { status: 'in_doubt', reason });
  }
  return passing;
}

function written(id: string, created: boolean): WriteResult {
  return { status: 'written', id, created };
}

/** By the name it was given; where HubSpot does not repeat that, by what tells records apart. */
function findRow(
  action: ChangeAction,
  open: ReadonlySet<Row>,
  result: BatchResult,
): Row | undefined {
  const { traceId, id, properties } = result;
  const rows = [...open];
  if (traceId !== undefined) return rows.find((row) => String(row.index) === traceId);
  if (action === 'update') return rows.find((row) => row.change.id === id);
  const likely = rows.filter((row) =>
    action === 'upsert'
      ? isSame(properties[row.change.match?.field ?? ''], row.matchValue)
      : Object.entries(row.properties).every(([name, value]) => isSame(properties[name], value)),
  );
  // Two rows that fit one record equally well: to choose would be a guess.
  return likely.length === 1 ? likely[0] : undefined;
}

function isSame(held: unknown, sent: string | undefined): boolean {
  return String(held ?? '').toLowerCase() === (sent ?? '').toLowerCase();
}

function findRefused(open: ReadonlySet<Row>, fault: HubSpotFault, faults: number): readonly Row[] {
  const rows = [...open];
  const traces = listTexts(fault.context['objectWriteTraceId']);
  if (traces.length > 0) return rows.filter((row) => traces.includes(String(row.index)));
  const ids = listTexts(fault.context['ids'] ?? fault.context['id']);
  if (ids.length > 0) {
    return rows.filter((row) => ids.includes(row.change.id ?? row.matchValue ?? ''));
  }
  return faults === 1 && rows.length === 1 ? rows : [];
}

function listTexts(value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value.map(String) : [String(value)];
}
