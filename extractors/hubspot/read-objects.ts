import type { HubSpotAccount } from '../../apis/hubspot/account.ts';
import { modifiedPropertyOf } from '../../apis/hubspot/object-name.ts';
import {
  batchRecordsMax,
  formatLines,
  isListable,
  listRecords,
  parseLines,
  type RecordPage,
  readRecords,
} from '../../apis/hubspot/record-page.ts';
import { isSearchable, type SearchBody, searchRecordsMax } from '../../apis/hubspot/search.ts';
import type { Clock } from '../../engine/words/clock.ts';
import type { JsonObject } from '../../engine/words/json.ts';
import type { Log } from '../../engine/words/log.ts';
import type { Page, ReadRequest } from '../../engine/words/stream.ts';
import {
  type ArchivedRequest,
  listPagesMax,
  readArchivedPages,
  toMergedPages,
} from './archived-pages.ts';
import { type ChangeSource, readChangePages } from './change-pages.ts';
import { selectProperties } from './columns.ts';
import {
  type ChangeReading,
  type HubSpotCursor,
  laterOf,
  loadCursor,
  type ScanReading,
  saveCursor,
} from './cursor.ts';
import { checkOptions, lookbackMsDefault, planRead, type ReadPlan } from './read-plan.ts';
import { finishArchived, isArchivedMissing, settleChanges, settleScan } from './settle.ts';
import { newestStamp } from './stamp.ts';
import { extendTail, type Tail } from './tail.ts';

interface Scene {
  readonly account: HubSpotAccount;
  readonly clock: Clock;
  readonly request: ReadRequest;
  readonly plan: ReadPlan;
  readonly cursor: HubSpotCursor | undefined;
  readonly objectPath: string;
  readonly properties: readonly string[];
  readonly stampProperty: string;
  /** Whether a record's properties fit into a search, or take a call of their own. */
  readonly isNarrow: boolean;
}

/**
 * Reads an object: whole by lists of live and archived records, else what search says has changed.
 */
export async function* readObject(
  account: HubSpotAccount,
  clock: Clock,
  log: Log,
  objectPath: string,
  request: ReadRequest,
): AsyncGenerator<Page> {
  const { stream, settings, boundaryMs } = request;
  checkOptions(stream.name, settings);
  const cursor = loadCursor(request.cursor);
  const properties = selectProperties(stream, settings);
  const plan = planRead(stream.name, settings, cursor, properties, boundaryMs);
  const stampProperty = modifiedPropertyOf(stream.name);
  const isNarrow = isSearchNarrow(stampProperty, properties);
  const asked = { account, clock, request, plan, cursor, objectPath };
  const scene: Scene = { ...asked, properties, stampProperty, isNarrow };
  log.info('reading', { stream: stream.name, mode: plan.mode, reason: plan.reason });
  if (plan.reading.kind === 'scan') yield* readScan(scene, plan.reading);
  else yield* readChanges(scene, plan.reading);
}

async function* readScan(scene: Scene, begin: ScanReading): AsyncGenerator<Page> {
  let reading = begin;
  const scan = { id: begin.scanId };
  for (let pages = 0; reading.archived === undefined && pages < listPagesMax; pages += 1) {
    const page = await listLive(scene, reading.after);
    const newest = newestStamp(page.lines, 'updatedAt');
    reading = {
      ...noteListed(scene, reading, page, newest),
      ...(page.after === undefined ? { archived: {} } : { after: page.after }),
    };
    yield {
      format: 'ndjson',
      body: page.lines,
      records: page.records,
      scan,
      checkpoint: saveCursor(pause(scene, reading)),
    };
  }
  // Before the scan is complete: a record that was archived is then known as that, with its time,
  // instead of as absent.
  const archived = toArchivedRequest(scene, false, (place) =>
    pause(scene, { ...reading, archived: place }),
  );
  yield* readArchivedPages(archived, reading.archived ?? {});
  const finished = settleScan(scene, reading, scene.clock.now());
  yield {
    format: 'ndjson',
    body: new Uint8Array(),
    records: 0,
    scan: { ...scan, complete: true },
    checkpoint: saveCursor(finished),
  };
}

function noteListed(
  scene: Scene,
  reading: ScanReading,
  page: RecordPage,
  newest: string | undefined,
): ScanReading {
  const seen = laterOf(reading.newest, newest);
  const created = laterOf(reading.newestCreated, newestStamp(page.lines, 'createdAt'));
  const isFirst = reading.after === undefined;
  return {
    ...reading,
    records: reading.records + page.records,
    ...(isFirst && newest !== undefined ? { floor: newest } : {}),
    ...(seen === undefined ? {} : { newest: seen }),
    ...(created === undefined ? {} : { newestCreated: created }),
    ...(scene.isNarrow ? {} : { tail: noteTail(scene, reading, parseLines(page.lines)) }),
  };
}

/**
 * Where the names are too many for a request line, the page lists ids and a batch reads the rest.
 */
async function listLive(scene: Scene, after: string | undefined): Promise<RecordPage> {
  const { account, objectPath, properties, request } = scene;
  const isNarrow = isListable(properties);
  const listed = isNarrow ? properties : ['hs_object_id'];
  const options = { properties: listed, after, isArchived: false };
  const page = await listRecords(account, objectPath, options, request.signal);
  if (isNarrow || page.records === 0) return page;
  const ids = parseLines(page.lines).map(idOf);
  const whole = await readRecords(account, objectPath, ids, properties, request.signal);
  return { ...whole, after: page.after };
}

async function* readChanges(scene: Scene, begin: ChangeReading): AsyncGenerator<Page> {
  const { cursor, plan } = scene;
  const source = toChangeSource(scene);
  let reading = begin;
  // What the changes have settled stands, however long the archived list is interrupted after them.
  let settled: HubSpotCursor = { ...cursor, fields: scene.properties.join(',') };
  if (begin.archived === undefined) {
    const isResumed = cursor?.reading?.kind === 'changes';
    for await (const page of readChangePages(source, begin, isResumed)) {
      reading = page.reading;
      const records = await completeRecords(scene, page.records);
      if (!scene.isNarrow) reading = { ...reading, tail: noteTail(scene, reading, records) };
      const isArchivedNext =
        page.isLast && (plan.isArchivedDue || isArchivedMissing(cursor, reading));
      if (isArchivedNext) reading = { ...reading, archived: {} };
      if (page.isLast) settled = settleChanges(scene, reading, page.sourceMs);
      const isDone = page.isLast && !isArchivedNext;
      yield* deliver(records, isDone ? settled : { ...settled, reading });
    }
  }
  if (reading.archived === undefined) return;
  const archived = toArchivedRequest(scene, true, (place) =>
    place.after === undefined
      ? finishArchived(settled, scene.request.boundaryMs)
      : { ...settled, reading: { ...reading, archived: place } },
  );
  yield* readArchivedPages(archived, reading.archived);
}

function isSearchNarrow(stampProperty: string, properties: readonly string[]): boolean {
  // The longest search of all: the one within a stamp.
  const filter = { propertyName: 'hs_lastmodifieddate', operator: 'GTE', value: '9'.repeat(19) };
  return isSearchable({
    filters: [filter, filter, filter] as const,
    sort: { propertyName: stampProperty },
    properties,
    limit: searchRecordsMax,
  } as SearchBody);
}

function noteTail(
  { request, cursor }: Scene,
  reading: ScanReading | ChangeReading,
  records: readonly JsonObject[],
): Tail {
  const before = reading.tail ?? (reading.kind === 'changes' ? cursor?.tail : undefined) ?? [];
  return extendTail(before, records, request.settings.lookbackMs ?? lookbackMsDefault);
}

function toChangeSource(scene: Scene): ChangeSource {
  const { account, objectPath, stampProperty, request, properties, cursor, isNarrow } = scene;
  return {
    account,
    objectPath,
    stampProperty,
    properties: isNarrow ? properties : [stampProperty],
    createdAfter: cursor?.newestCreated,
    tail: isNarrow ? [] : (cursor?.tail ?? []),
    stream: request.stream.name,
    boundaryMs: request.boundaryMs,
    signal: request.signal,
  };
}

async function* deliver(records: readonly JsonObject[], next: HubSpotCursor): AsyncGenerator<Page> {
  yield* toMergedPages(records);
  yield {
    format: 'ndjson',
    body: formatLines(records),
    records: records.length,
    checkpoint: saveCursor(next),
  };
}

/** With all their properties, as they are now, where the search could not carry them. */
async function completeRecords(
  scene: Scene,
  found: readonly JsonObject[],
): Promise<readonly JsonObject[]> {
  const { account, objectPath, properties, request, isNarrow } = scene;
  if (isNarrow) return found;
  const ids = found.map(idOf);
  const records: JsonObject[] = [];
  for (let at = 0; at < ids.length; at += batchRecordsMax) {
    const chunk = ids.slice(at, at + batchRecordsMax);
    const page = await readRecords(account, objectPath, chunk, properties, request.signal);
    records.push(...parseLines(page.lines));
  }
  return records;
}

function toArchivedRequest(
  { account, objectPath, properties, request }: Scene,
  namesMerged: boolean,
  settle: (archived: { readonly after?: string }) => HubSpotCursor,
): ArchivedRequest {
  const checkpoint: ArchivedRequest['checkpoint'] = (archived) => saveCursor(settle(archived));
  return { account, objectPath, properties, signal: request.signal, namesMerged, checkpoint };
}

function pause(scene: Scene, reading: ScanReading | ChangeReading): HubSpotCursor {
  return { ...scene.cursor, fields: scene.properties.join(','), reading };
}

function idOf(record: JsonObject): string {
  return String(record['id']);
}
