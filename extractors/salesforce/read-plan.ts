import { formatInstant } from '../../apis/salesforce/soql.ts';
import type { Stream, StreamSettings } from '../../engine/words/stream.ts';
import { selectNames } from './columns.ts';
import { gainedFields, type Reading, type SalesforceCursor } from './cursor.ts';

/** A long transaction may commit rows whose stamps are this much older. */
export const lookbackMsDefault = 10 * 60_000;
/** How far our clock and the source's may differ. */
export const clockSkewMsMax = 15 * 60_000;
/** The recycle bin keeps deleted rows for 15 days; a day less, so that none slips out meanwhile. */
const deletedVisibleMsMax = 14 * 86_400_000;

export interface ReadPlan {
  readonly names: readonly string[];
  readonly mode: 'full_refresh' | 'incremental';
  readonly reason: string;
  readonly reading: Reading;
}

/** Decides what a read reads; without any call, so that the plan can show it. */
export function planRead(
  stream: Stream,
  settings: StreamSettings,
  cursor: SalesforceCursor | undefined,
  boundaryMs: number,
): ReadPlan {
  const names = selectNames(stream, settings);
  const gained = cursor === undefined ? [] : gainedFields(cursor, names);
  const reading = cursor === undefined ? undefined : dropStaleJob(cursor, names);
  const lookbackMs = settings.lookbackMs ?? lookbackMsDefault;
  const isScan = reading?.scanId !== undefined;
  if (reading !== undefined && isScan && gained.length === 0) {
    const resumed = resume(reading, lookbackMs, boundaryMs);
    return { names, mode: 'full_refresh', reason: 'resumes an interrupted scan', reading: resumed };
  }
  const full = findFullReason(stream, settings, cursor, gained, boundaryMs);
  if (full !== undefined || cursor?.since === undefined) {
    const scanId = `${stream.name}-${formatInstant(boundaryMs)}`;
    const reason = full ?? 'no record was seen yet';
    return { names, mode: 'full_refresh', reason, reading: { scanId, records: 0 } };
  }
  if (reading !== undefined) {
    const resumed = resume(reading, lookbackMs, boundaryMs);
    return { names, mode: 'incremental', reason: 'resumes an interrupted read', reading: resumed };
  }
  const from = formatInstant(Date.parse(cursor.since) - lookbackMs);
  return {
    names,
    mode: 'incremental',
    reason: `changes since ${cursor.since}, and ${lookbackMs / 60_000} min before it`,
    reading: { from, records: 0 },
  };
}

/** A job begun with other fields has other columns than the stream has now. */
function dropStaleJob(cursor: SalesforceCursor, names: readonly string[]): Reading | undefined {
  const { reading } = cursor;
  if (reading?.job === undefined || cursor.fields === names.join(',')) return reading;
  const { job: _, ...fresh } = reading;
  return fresh;
}

/**
 * While a read lay interrupted, a late commit may have come in before its place. Going back there
 * would read the same pages again and again under a small budget; instead the place is remembered,
 * and the next read begins before it. Old stamps are past all late commits.
 */
function resume(reading: Reading, lookbackMs: number, boundaryMs: number): Reading {
  const { after, job, floor } = reading;
  if (job !== undefined || after?.stamp === undefined) return reading;
  const isSettled = boundaryMs - Date.parse(after.stamp) > lookbackMs + clockSkewMsMax;
  return isSettled || floor !== undefined ? reading : { ...reading, floor: after.stamp };
}

function findFullReason(
  stream: Stream,
  settings: StreamSettings,
  cursor: SalesforceCursor | undefined,
  gained: readonly string[],
  boundaryMs: number,
): string | undefined {
  if (cursor === undefined) return 'first read';
  if (stream.cursorField === undefined) return 'the object has no field that only grows';
  if (gained.length > 0) return `fields not read before: ${gained.join(', ')}`;
  const { sinceAtMs, fullAtMs } = cursor;
  if (sinceAtMs !== undefined && boundaryMs - sinceAtMs > deletedVisibleMsMax) {
    const days = Math.floor((boundaryMs - sinceAtMs) / 86_400_000);
    return `last read ${days} days ago: the recycle bin no longer shows every deletion`;
  }
  const isDue = (everyMs: number | undefined): boolean =>
    everyMs !== undefined && (fullAtMs === undefined || boundaryMs - fullAtMs >= everyMs);
  if (isDue(settings.volatile?.everyMs)) {
    const fields = settings.volatile?.fields.join(', ') ?? '';
    return `fields that change without a stamp are due: ${fields}`;
  }
  return isDue(settings.fullEveryMs) ? 'a whole read is due' : undefined;
}
