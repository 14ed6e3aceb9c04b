import { durationPattern, formatDuration, parseDuration } from '../../engine/words/duration.ts';
import { TerminalError } from '../../engine/words/errors.ts';
import type { StreamSettings } from '../../engine/words/stream.ts';
import { type ChangeReading, type HubSpotCursor, type ScanReading, toIso } from './cursor.ts';

/** Search shows a change "a few moments" late. */
export const lookbackMsDefault = 5 * 60_000;
/** How far our clock and the source's may differ. */
export const clockSkewMsMax = 15 * 60_000;
/**
 * A whole read meets what leaves no trace elsewhere: privacy deletions, and what search never
 * showed.
 */
const fullEveryMsDefault = 24 * 60 * 60_000;
/**
 * Archived records are in no search. Their list is read when the number of live records does not
 * add up, and, in case two faults of it cancel out, after this time at the latest.
 */
const archivedEveryMsDefault = 6 * 60 * 60_000;

export interface ReadPlan {
  readonly mode: 'full_refresh' | 'incremental';
  readonly reason: string;
  readonly reading: ScanReading | ChangeReading;
  /** Whether the archived list is due by the clock. */
  readonly isArchivedDue: boolean;
}

/** Decides what a read reads; without any call, so that the plan can show it. */
export function planRead(
  streamName: string,
  settings: StreamSettings,
  cursor: HubSpotCursor | undefined,
  fields: readonly string[],
  boundaryMs: number,
): ReadPlan {
  const lookbackMs = settings.lookbackMs ?? lookbackMsDefault;
  const gained = cursor === undefined ? [] : gainedFields(cursor, fields);
  const reading = cursor?.reading;
  const isArchivedDue = isDue(readArchivedEvery(settings), cursor?.archivedAtMs, boundaryMs);
  if (reading?.kind === 'scan' && gained.length === 0) {
    const reason = 'resumes an interrupted scan';
    return { mode: 'full_refresh', reason, reading, isArchivedDue };
  }
  const full = findFullReason(settings, cursor, gained, boundaryMs);
  if (full !== undefined || cursor === undefined) {
    const scanId = `${streamName}-${toIso(boundaryMs)}`;
    const scan: ScanReading = { kind: 'scan', scanId, startedAtMs: boundaryMs, records: 0 };
    return { mode: 'full_refresh', reason: full ?? 'first read', reading: scan, isArchivedDue };
  }
  if (reading?.kind === 'changes') {
    const reason = 'resumes an interrupted read';
    const resumed = resume(reading, lookbackMs, boundaryMs);
    return { mode: 'incremental', reason, reading: resumed, isArchivedDue };
  }
  const from = cursor.since === undefined ? 0 : Math.max(0, Date.parse(cursor.since) - lookbackMs);
  return {
    mode: 'incremental',
    reason: `changes since ${cursor.since ?? 'the beginning'}, and ${formatDuration(lookbackMs)} before it`,
    reading: { kind: 'changes', from: toIso(from), created: 0 },
    isArchivedDue,
  };
}

/**
 * While a read lay interrupted, search may have come to show changes from before its place. Going
 * back there would read the same pages again and again under a small budget; instead the place is
 * remembered, and the next read begins before it. Old stamps are past all such delays.
 */
function resume(reading: ChangeReading, lookbackMs: number, boundaryMs: number): ChangeReading {
  const isSettled = boundaryMs - Date.parse(reading.from) > lookbackMs + clockSkewMsMax;
  const isOver = reading.archived !== undefined;
  return isSettled || isOver || reading.floor !== undefined
    ? reading
    : { ...reading, floor: reading.from };
}

function findFullReason(
  settings: StreamSettings,
  cursor: HubSpotCursor | undefined,
  gained: readonly string[],
  boundaryMs: number,
): string | undefined {
  if (cursor === undefined) return 'first read';
  if (gained.length > 0) return `properties not read before: ${gained.join(', ')}`;
  if (cursor.fullAtMs === undefined) return 'the last whole read was not finished';
  const { volatile } = settings;
  if (volatile !== undefined && isDue(volatile.everyMs, cursor.fullAtMs, boundaryMs)) {
    return `fields that change without a stamp are due: ${volatile.fields.join(', ')}`;
  }
  const fullEveryMs = settings.fullEveryMs ?? fullEveryMsDefault;
  return isDue(fullEveryMs, cursor.fullAtMs, boundaryMs) ? 'a whole read is due' : undefined;
}

function isDue(everyMs: number, lastAtMs: number | undefined, boundaryMs: number): boolean {
  return lastAtMs === undefined || boundaryMs - lastAtMs >= everyMs;
}

function readArchivedEvery(settings: StreamSettings): number {
  const every = settings.options?.['archived_every'];
  return isDuration(every) ? parseDuration(every) : archivedEveryMsDefault;
}

function isDuration(value: unknown): value is string {
  return typeof value === 'string' && new RegExp(durationPattern).test(value);
}

/** @throws TerminalError where `options` of a stream hold what this connector does not know. */
export function checkOptions(stream: string, settings: StreamSettings): void {
  for (const [key, value] of Object.entries(settings.options ?? {})) {
    if (key === 'archived_every' && isDuration(value)) continue;
    throw new TerminalError(`the options of the stream ${stream} hold a wrong ${key}`, {
      code: 'config-invalid',
      hint: 'HubSpot streams know one option: archived_every, a duration such as 6h.',
      stream,
    });
  }
}

function gainedFields(cursor: HubSpotCursor, fields: readonly string[]): readonly string[] {
  const before = new Set(cursor.fields.split(','));
  return fields.filter((field) => !before.has(field));
}
