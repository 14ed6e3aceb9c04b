import type { JsonObject } from '../../engine/words/json.ts';
import type { Cursor } from '../../engine/words/stream.ts';

/** A record's place in the order every read keeps: by stamp (where there is one), then by id. */
export interface Place {
  readonly stamp?: string;
  readonly id: string;
}

export interface SavedJob {
  readonly id: string;
  /** The source's clock at its beginning, and ours. */
  readonly createdMs: number;
  readonly createdAtMs: number;
  readonly locator?: string;
  /** Records of its pages handed over so far. */
  readonly delivered: number;
}

/** A read under way: what a later process needs to go on with it. */
export interface Reading {
  /** The scan's id, where this read is one of the whole stream. */
  readonly scanId?: string;
  /** Lower bound of the stamps read. */
  readonly from?: string;
  /** Everything up to here was handed over. */
  readonly after?: Place;
  readonly job?: SavedJob;
  /** Where the read lay interrupted: the next one begins no later. */
  readonly floor?: string;
  /** Records handed over so far. */
  readonly records: number;
}

/** The extractor's own cursor; times named `…AtMs` are by our clock, all others by the source's. */
export interface SalesforceCursor {
  /** Everything that changed up to this stamp was read, late commits aside. */
  readonly since?: string;
  /** When the source's clock was known to have reached `since`. */
  readonly sinceAtMs?: number;
  /** When the stream was last read whole, and how many records it had. */
  readonly fullAtMs?: number;
  readonly records?: number;
  /** The selected fields, joined by commas: a field gained later means older rows lack it. */
  readonly fields: string;
  readonly reading?: Reading;
}

export function saveCursor(cursor: SalesforceCursor): Cursor {
  return { version: 1, ...cursor } as unknown as Cursor;
}

/** Undefined where there is none, or one of a form this program does not write. */
export function loadCursor(cursor: Cursor | undefined): SalesforceCursor | undefined {
  if (cursor === undefined || cursor['version'] !== 1) return undefined;
  if (typeof cursor['fields'] !== 'string') return undefined;
  const { version: _, ...saved } = cursor as JsonObject & { version: number };
  return saved as unknown as SalesforceCursor;
}

/** Names selected now that the cursor's reads did not have. */
export function gainedFields(
  cursor: SalesforceCursor,
  names: readonly string[],
): readonly string[] {
  const before = new Set(cursor.fields.split(','));
  return names.filter((name) => !before.has(name));
}
