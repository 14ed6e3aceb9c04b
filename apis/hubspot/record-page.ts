import { type Cut, cutRecords, readToken } from '../../engine/wire/cut.ts';
import type { JsonObject } from '../../engine/words/json.ts';
import type { HubSpotAccount, HubSpotRequest } from './account.ts';

/** Records of a list page and of a batch. */
export const listRecordsMax = 100;
export const batchRecordsMax = 100;
/** Longest request line that HubSpot's edge takes, with room for what precedes the query. */
const queryBytesMax = 7500;

export interface RecordPage {
  /** One record a line. */
  readonly lines: Buffer;
  readonly records: number;
  /** Where the next page starts; undefined on the last one. */
  readonly after: string | undefined;
  /** How many records there are in all, where the answer says it. */
  readonly total: number | undefined;
  /** The source's clock by its `Date` header, where it sends one. */
  readonly sourceMs: number | undefined;
}

/** Records by id, live or archived ones; `after` is the place of the last page's end. */
export function listRecords(
  account: HubSpotAccount,
  objectPath: string,
  options: {
    readonly properties: readonly string[];
    readonly after: string | undefined;
    readonly isArchived: boolean;
  },
  signal: AbortSignal,
): Promise<RecordPage> {
  const query = new URLSearchParams({
    limit: String(listRecordsMax),
    archived: String(options.isArchived),
    properties: options.properties.join(','),
    ...(options.after === undefined ? {} : { after: options.after }),
  });
  return readPage(account, {
    method: 'GET',
    path: `/crm/v3/objects/${objectPath}?${query}`,
    signal,
  });
}

/** True where the names fit into the request line of a list. */
export function isListable(properties: readonly string[]): boolean {
  return encodeURIComponent(properties.join(',')).length <= queryBytesMax;
}

/** Live records by id, or by a unique property, as they are now; what is not there is left out. */
export function readRecords(
  account: HubSpotAccount,
  objectPath: string,
  ids: readonly string[],
  properties: readonly string[],
  signal: AbortSignal,
  idProperty?: string,
): Promise<RecordPage> {
  const inputs = ids.map((id) => ({ id }));
  return readPage(account, {
    method: 'POST',
    path: `/crm/v3/objects/${objectPath}/batch/read`,
    body: { inputs, properties, ...(idProperty === undefined ? {} : { idProperty }) },
    signal,
  });
}

/** One page of records, cut to lines. Repeats itself while transient. */
export function readPage(account: HubSpotAccount, request: HubSpotRequest): Promise<RecordPage> {
  return account.repeat(async () => {
    const reply = await account.send(request);
    const where = `${request.method} ${request.path.split('?')[0] ?? ''}`;
    const cut: Cut = cutRecords(reply.body, { key: 'results', where });
    const total = cut.rest['total'];
    const dateMs = Date.parse(reply.headers.get('date') ?? '');
    return {
      lines: cut.lines,
      records: cut.count,
      after: readAfter(cut.rest),
      total: typeof total === 'number' ? total : undefined,
      sourceMs: Number.isNaN(dateMs) ? undefined : dateMs,
    };
  }, request.signal);
}

function readAfter(rest: JsonObject): string | undefined {
  const after = readToken(rest, ['paging', 'next', 'after']);
  return typeof after === 'string' || typeof after === 'number' ? String(after) : undefined;
}

/** The records of a page, parsed: for pages that are small or whose stamps decide what is next. */
export function parseLines(lines: Buffer): readonly JsonObject[] {
  return lines
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as JsonObject);
}

/** Records as a page's lines. */
export function formatLines(records: readonly JsonObject[]): Buffer {
  return Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
}
