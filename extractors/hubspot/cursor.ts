import type { JsonObject } from '../../engine/words/json.ts';
import type { Cursor } from '../../engine/words/stream.ts';
import type { Tail } from './tail.ts';

/** A scan of all live records by id, and then of the archived ones. */
export interface ScanReading {
  readonly kind: 'scan';
  readonly scanId: string;
  /** When it began, by our clock. */
  readonly startedAtMs: number;
  /** The newest stamp of its first page: the source's clock had come at least so far. */
  readonly floor?: string;
  readonly newest?: string;
  readonly newestCreated?: string;
  readonly after?: string;
  readonly records: number;
  readonly tail?: Tail;
  /** Present once all live records were read. */
  readonly archived?: { readonly after?: string };
}

/** Changes in the order of their stamps. */
export interface ChangeReading {
  readonly kind: 'changes';
  /** Everything changed before this stamp was read. */
  readonly from: string;
  /** Within the one stamp `from`, everything up to this id was read. */
  readonly tieAfter?: string;
  /** Where the read lay interrupted: the next one begins no later. */
  readonly floor?: string;
  readonly newest?: string;
  readonly newestCreated?: string;
  /** Records created since the last read, as far as met. */
  readonly created: number;
  readonly tail?: Tail;
  /** Live records by the search index when the read began. */
  readonly total?: number;
  /** Present once all changes were read and the archived list is due. */
  readonly archived?: { readonly after?: string };
}

/** The extractor's own cursor; times named `…AtMs` are by our clock, all others by the source's. */
export interface HubSpotCursor {
  /** Everything that changed up to this stamp was read, what search showed late aside. */
  readonly since?: string;
  /** When the source's clock was known to have reached `since`. */
  readonly sinceAtMs?: number;
  /** When the stream was last read whole, and how many live records it had. */
  readonly fullAtMs?: number;
  readonly records?: number;
  readonly archivedAtMs?: number;
  /** Live records by the last read's count, and the newest creation in it. */
  readonly live?: number;
  readonly newestCreated?: string;
  readonly tail?: Tail;
  /** The selected properties, joined by commas: one gained later means older rows lack it. */
  readonly fields: string;
  readonly reading?: ScanReading | ChangeReading;
}

export function saveCursor(cursor: HubSpotCursor): Cursor {
  return { version: 1, ...cursor } as unknown as Cursor;
}

/** Undefined where there is none, or one of a form this program does not write. */
export function loadCursor(cursor: Cursor | undefined): HubSpotCursor | undefined {
  if (cursor === undefined || cursor['version'] !== 1) return undefined;
  if (typeof cursor['fields'] !== 'string') return undefined;
  const { version: _, ...saved } = cursor as JsonObject & { version: number };
  return saved as unknown as HubSpotCursor;
}

/** The later of two stamps. */
export function laterOf(left: string | undefined, right: string | undefined): string | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return Date.parse(left) >= Date.parse(right) ? left : right;
}

export function toIso(ms: number): string {
  return new Date(ms).toISOString();
}
