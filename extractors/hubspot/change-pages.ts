import type { HubSpotAccount } from '../../apis/hubspot/account.ts';
import { parseLines } from '../../apis/hubspot/record-page.ts';
import { type SearchFilter, searchRecords, searchRecordsMax } from '../../apis/hubspot/search.ts';
import { assertThat } from '../../engine/words/errors.ts';
import type { JsonObject } from '../../engine/words/json.ts';
import { type ChangeReading, laterOf, toIso } from './cursor.ts';
import { readNewest } from './newest-page.ts';
import { isInTail, type Tail } from './tail.ts';

/** Pages of one read; at 200 records each far beyond any account. */
const changePagesMax = 1_000_000;

export interface ChangeSource {
  readonly stream: string;
  readonly account: HubSpotAccount;
  readonly objectPath: string;
  /** The property that holds the modified stamp. */
  readonly stampProperty: string;
  /** What each record brings; the stamp and the id come in any case. */
  readonly properties: readonly string[];
  /** Created since the last read: after this stamp. */
  readonly createdAfter: string | undefined;
  /** Records handed over before, to be passed over while they are unchanged. */
  readonly tail: Tail;
  readonly boundaryMs: number;
  readonly signal: AbortSignal;
}

export interface ChangePage {
  readonly records: readonly JsonObject[];
  /** Where the read is after this page. */
  readonly reading: ChangeReading;
  readonly isLast: boolean;
  /** The source's clock, where it says it. */
  readonly sourceMs: number | undefined;
}

/**
 * Live records changed since `begin.from`, in pages that can each be the last of a process. The
 * first look is from the newest backwards and unfiltered: it holds the few changes of a usual run,
 * and tells how many live records there are, which betrays archived ones. Only where it does not
 * reach back far enough, pages follow in the order of stamps. Each is a search of its own from the
 * last stamp seen, so that a record edited meanwhile moves to the end and is met there, and no
 * search comes near HubSpot's 10,000 results. Records at a border of pages come twice.
 */
export async function* readChangePages(
  source: ChangeSource,
  begin: ChangeReading,
  isResumed: boolean,
): AsyncGenerator<ChangePage> {
  let reading = begin;
  if (!isResumed) {
    const probed = await probe(source, begin);
    reading = probed.reading;
    if (probed.isLast) {
      yield probed;
      return;
    }
  }
  for (let pages = 0; pages < changePagesMax; pages += 1) {
    const page = await readPage(source, reading);
    reading = page.reading;
    yield page;
    if (page.isLast) return;
  }
  throw new Error(`assertion failed: ${source.objectPath} has more than ${changePagesMax} pages`);
}

async function probe(source: ChangeSource, begin: ChangeReading): Promise<ChangePage> {
  const page = await readNewest(source.account, source);
  const all = parseLines(page.lines);
  const total = page.total ?? all.length;
  const fromMs = Date.parse(begin.from);
  const records = all.filter((record) => stampOf(source, record) >= fromMs);
  const isLast = records.length < all.length || all.length >= total;
  const reading = { ...begin, total };
  return {
    records: isLast ? dropKnown(source, records) : [],
    reading: isLast ? note(source, reading, records, 0) : reading,
    isLast,
    sourceMs: page.sourceMs,
  };
}

async function readPage(source: ChangeSource, reading: ChangeReading): Promise<ChangePage> {
  const { account, objectPath, stampProperty, properties, signal } = source;
  const { from, tieAfter } = reading;
  const isTie = tieAfter !== undefined;
  const search = {
    filters: formatFilters(stampProperty, from, tieAfter),
    sort: { propertyName: isTie ? 'hs_object_id' : stampProperty },
    properties,
    limit: searchRecordsMax,
  };
  const page = await searchRecords(account, objectPath, search, signal);
  const records = parseLines(page.lines);
  const isWhole = records.length === 0 || records.length >= (page.total ?? 0);
  const isFirst = reading.newest === undefined;
  const countedMs = isFirst || isTie ? 0 : Date.parse(from);
  const noted = note(source, reading, records, countedMs);
  const answer = {
    records: dropKnown(source, records),
    isLast: isWhole && !isTie,
    sourceMs: page.sourceMs,
  };
  if (isTie) {
    const lastId = records.at(-1)?.['id'];
    const { tieAfter: _, ...free } = noted;
    // Stamps are whole milliseconds: nothing lies between this one and the next.
    const next = isWhole
      ? { ...free, from: toIso(Date.parse(from) + 1) }
      : { ...noted, tieAfter: String(lastId) };
    return { ...answer, reading: next };
  }
  const stamps = records.map((record) => stampOf(source, record));
  const lastMs = Math.max(Date.parse(from), ...stamps);
  if (isWhole || Math.min(...stamps) < lastMs) {
    return { ...answer, reading: { ...noted, from: toIso(lastMs) } };
  }
  // A whole page of one stamp, and more of it to come: within the stamp, ids tell the place.
  const tied = { ...reading, from: toIso(lastMs), tieAfter: '0' };
  return { ...answer, records: [], reading: tied };
}

function dropKnown({ tail }: ChangeSource, records: readonly JsonObject[]): readonly JsonObject[] {
  return tail.length === 0 ? records : records.filter((record) => !isInTail(tail, record));
}

function formatFilters(
  stampProperty: string,
  from: string,
  tieAfter: string | undefined,
): readonly SearchFilter[] {
  const value = String(Date.parse(from));
  const since: SearchFilter = { propertyName: stampProperty, operator: 'GTE', value };
  if (tieAfter === undefined) return [since];
  return [
    since,
    { propertyName: stampProperty, operator: 'LTE', value },
    { propertyName: 'hs_object_id', operator: 'GT', value: tieAfter },
  ];
}

/** Milliseconds of a record's modified stamp, of the property that searches sort by. */
function stampOf(source: ChangeSource, record: JsonObject): number {
  const properties = record['properties'] as JsonObject | undefined;
  const ms = Date.parse(String(properties?.[source.stampProperty] ?? record['updatedAt']));
  assertThat(!Number.isNaN(ms), `a record has no ${source.stampProperty}`);
  return ms;
}

/** Adds a page's records to what the read knows; `newerThanMs`: those up to there were counted. */
function note(
  source: ChangeSource,
  reading: ChangeReading,
  records: readonly JsonObject[],
  newerThanMs: number,
): ChangeReading {
  const createdAfterMs = Date.parse(source.createdAfter ?? toIso(0));
  let { newest, newestCreated, created } = reading;
  for (const record of records) {
    const stampMs = stampOf(source, record);
    newest = laterOf(newest, toIso(stampMs));
    const createdAt = record['createdAt'];
    if (typeof createdAt !== 'string') continue;
    if (stampMs > newerThanMs && Date.parse(createdAt) > createdAfterMs) created += 1;
    newestCreated = laterOf(newestCreated, createdAt);
  }
  return {
    ...reading,
    created,
    ...(newest === undefined ? {} : { newest }),
    ...(newestCreated === undefined ? {} : { newestCreated }),
  };
}
