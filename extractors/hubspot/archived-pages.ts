import type { HubSpotAccount } from '../../apis/hubspot/account.ts';
import {
  formatLines,
  isListable,
  listRecords,
  parseLines,
} from '../../apis/hubspot/record-page.ts';
import type { JsonObject } from '../../engine/words/json.ts';
import type { Cursor, Page } from '../../engine/words/stream.ts';
import { laterOf } from './cursor.ts';

/** Pages of one list; at 100 records each far beyond any account. */
export const listPagesMax = 1_000_000;

export interface ArchivedRequest {
  readonly account: HubSpotAccount;
  readonly objectPath: string;
  readonly properties: readonly string[];
  readonly signal: AbortSignal;
  /** Whether records merged into archived ones are named as gone: a scan of all needs it not. */
  readonly namesMerged: boolean;
  /** The cursor once everything up to there was read; without `after`, once all was. */
  checkpoint(archived: { readonly after?: string }): Cursor;
}

/** What a list names where the properties are too many for a request line. */
const narrowProperties = ['hs_object_id', 'hs_merged_object_ids'];

/**
 * The archived records, stamped with the time of it: HubSpot leaves their modified stamp where it
 * was. Where the names are too many for a request line, only the fact and its time are read.
 */
export async function* readArchivedPages(
  request: ArchivedRequest,
  begin: { readonly after?: string },
): AsyncGenerator<Page> {
  const { account, objectPath, properties, signal } = request;
  const isNarrow = isListable(properties);
  const listed = isNarrow ? properties : narrowProperties;
  let { after } = begin;
  for (let pages = 0; pages < listPagesMax; pages += 1) {
    const options = { properties: listed, after, isArchived: true };
    const page = await listRecords(account, objectPath, options, signal);
    after = page.after;
    const found = parseLines(page.lines);
    if (request.namesMerged) yield* toMergedPages(found);
    const records = found.map(stampArchived);
    const checkpoint = request.checkpoint(after === undefined ? {} : { after });
    yield isNarrow
      ? { format: 'ndjson', body: formatLines(records), records: records.length, checkpoint }
      : { ...toTombstones(records), checkpoint };
    if (after === undefined) return;
  }
  throw new Error(`assertion failed: ${objectPath} has more than ${listPagesMax} pages`);
}

function stampArchived(record: JsonObject): JsonObject {
  const { updatedAt, archivedAt } = record;
  if (typeof archivedAt !== 'string' || typeof updatedAt !== 'string') return record;
  return { ...record, updatedAt: laterOf(updatedAt, archivedAt) ?? archivedAt };
}

function toTombstones(records: readonly JsonObject[]): Page {
  const keys = records.map(({ id, updatedAt }) => ({
    id: String(id),
    updatedAt: updatedAt ?? null,
  }));
  return {
    format: 'ndjson',
    kind: 'tombstones',
    body: formatLines(keys),
    records: keys.length,
  };
}

/**
 * A record merged away is in no list; the survivor names it, and the survivor's stamp is when that
 * was known. No page where nothing was merged.
 */
export function* toMergedPages(records: readonly JsonObject[]): Generator<Page> {
  const gone = records.flatMap((record) => {
    const properties = record['properties'] as JsonObject | undefined;
    const ids = properties?.['hs_merged_object_ids'];
    if (typeof ids !== 'string') return [];
    return ids
      .split(';')
      .map((id) => id.trim())
      .filter((id) => id !== '' && id !== String(record['id']))
      .map((id) => ({ id, updatedAt: record['updatedAt'] ?? null }));
  });
  if (gone.length > 0) yield toTombstones(gone);
}
