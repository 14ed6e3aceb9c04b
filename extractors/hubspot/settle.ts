import type { Clock } from '../../engine/words/clock.ts';
import type { ReadRequest } from '../../engine/words/stream.ts';
import {
  type ChangeReading,
  type HubSpotCursor,
  laterOf,
  type ScanReading,
  toIso,
} from './cursor.ts';

interface Ending {
  readonly clock: Clock;
  readonly request: ReadRequest;
  readonly cursor: HubSpotCursor | undefined;
  readonly properties: readonly string[];
}

/**
 * The cursor after a whole read. Later reads begin where the source's clock was when it began: at
 * least at the newest stamp of the first page; and the newest stamp of all cannot have been set
 * longer before then than the scan took. Of our clock only its rate is trusted, not what it shows.
 */
export function settleScan(ending: Ending, reading: ScanReading, nowMs: number): HubSpotCursor {
  const { floor, newest, newestCreated, records, tail } = reading;
  const tookMs = Math.max(0, nowMs - reading.startedAtMs);
  const since =
    newest === undefined ? undefined : laterOf(floor, toIso(Date.parse(newest) - tookMs));
  return {
    fields: ending.properties.join(','),
    ...(since === undefined ? {} : { since, sinceAtMs: nowMs }),
    fullAtMs: ending.request.boundaryMs,
    archivedAtMs: ending.request.boundaryMs,
    records,
    live: records,
    ...(newestCreated === undefined ? {} : { newestCreated }),
    ...(tail === undefined ? {} : { tail }),
  };
}

/**
 * How far a finished read has come: at least to the newest stamp. A quiet stream would stay there
 * and read the same tail for ever; so the time that passed since, by our clock, is added, never
 * beyond the source's own `Date`.
 */
export function settleChanges(
  ending: Ending,
  reading: ChangeReading,
  sourceMs: number | undefined,
): HubSpotCursor {
  const { cursor, request, clock, properties } = ending;
  const { reading: _, ...before } = cursor ?? { fields: '' };
  const beforeMs = before.since === undefined ? undefined : Date.parse(before.since);
  const passedMs = Math.max(0, request.boundaryMs - (before.sinceAtMs ?? request.boundaryMs));
  const latestMs = sourceMs ?? Number.POSITIVE_INFINITY;
  const guess = beforeMs === undefined ? undefined : toIso(Math.min(beforeMs + passedMs, latestMs));
  const reached = laterOf(laterOf(before.since, reading.newest), guess);
  const { floor } = reading;
  const since = floor !== undefined && reached !== undefined && floor < reached ? floor : reached;
  const newestCreated = laterOf(before.newestCreated, reading.newestCreated);
  const live = reading.total ?? before.live;
  const tail = reading.tail ?? before.tail;
  return {
    ...before,
    fields: properties.join(','),
    ...(since === undefined ? {} : { since, sinceAtMs: clock.now() }),
    ...(live === undefined ? {} : { live }),
    ...(newestCreated === undefined ? {} : { newestCreated }),
    ...(tail === undefined ? {} : { tail }),
  };
}

/** The cursor once the archived list was read as well. */
export function finishArchived(settled: HubSpotCursor, boundaryMs: number): HubSpotCursor {
  const { reading: _, ...rest } = settled;
  return { ...rest, archivedAtMs: boundaryMs };
}

/** True where the live records are not those of the last read and the ones created since. */
export function isArchivedMissing(
  cursor: HubSpotCursor | undefined,
  reading: ChangeReading,
): boolean {
  const { total, created } = reading;
  if (total === undefined || cursor?.live === undefined) return true;
  return total !== cursor.live + created;
}
