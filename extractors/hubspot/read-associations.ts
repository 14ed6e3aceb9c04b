import type { HubSpotAccount } from '../../apis/hubspot/account.ts';
import {
  associationReadMax,
  type HubSpotAssociation,
  readAssociations,
} from '../../apis/hubspot/association.ts';
import { modifiedPropertyOf } from '../../apis/hubspot/object-name.ts';
import { listRecords, listRecordsMax, parseLines } from '../../apis/hubspot/record-page.ts';
import type { Clock } from '../../engine/words/clock.ts';
import type { Log } from '../../engine/words/log.ts';
import type { Page, ReadRequest } from '../../engine/words/stream.ts';
import { readChangePages } from './change-pages.ts';
import { type HubSpotCursor, laterOf, loadCursor, type ScanReading, saveCursor } from './cursor.ts';
import { lookbackMsDefault, planRead } from './read-plan.ts';
import { settleChanges, settleScan } from './settle.ts';
import { newestStamp } from './stamp.ts';
import { extendTail, type Tail } from './tail.ts';

/** Lists of ids before their associations are read: what one read takes. */
export const listsPerRead = associationReadMax / listRecordsMax;
/** Association reads of one scan; at 1,000 records each far beyond any account. */
const readsMax = 100_000;

export interface AssociationSides {
  readonly from: string;
  readonly fromPath: string;
  readonly toPath: string;
}

interface Scene {
  readonly account: HubSpotAccount;
  readonly clock: Clock;
  readonly request: ReadRequest;
  readonly cursor: HubSpotCursor | undefined;
  readonly properties: readonly string[];
  readonly lookbackMs: number;
  readonly sides: AssociationSides;
}

/**
 * Associations from one object to another: whole, or those of the records changed since. HubSpot
 * gives an association no stamp and may leave its record's where it was; so what changed without
 * that, and every association that ended, is met by the next whole read (`full_every`).
 */
export async function* readAssociationStream(
  account: HubSpotAccount,
  clock: Clock,
  log: Log,
  sides: AssociationSides,
  request: ReadRequest,
): AsyncGenerator<Page> {
  const { stream, settings, boundaryMs } = request;
  const cursor = loadCursor(request.cursor);
  const plan = planRead(stream.name, settings, cursor, [], boundaryMs);
  const lookbackMs = settings.lookbackMs ?? lookbackMsDefault;
  const scene: Scene = { account, clock, request, cursor, properties: [], lookbackMs, sides };
  log.info('reading', { stream: stream.name, mode: plan.mode, reason: plan.reason });
  if (plan.reading.kind === 'scan') {
    yield* readScan(scene, plan.reading);
    return;
  }
  const source = {
    account,
    objectPath: sides.fromPath,
    stampProperty: modifiedPropertyOf(sides.from),
    properties: [modifiedPropertyOf(sides.from)],
    createdAfter: undefined,
    tail: cursor?.tail ?? [],
    stream: request.stream.name,
    boundaryMs: request.boundaryMs,
    signal: request.signal,
  };
  const isResumed = cursor?.reading?.kind === 'changes';
  let tail: Tail = plan.reading.tail ?? source.tail;
  for await (const page of readChangePages(source, plan.reading, isResumed)) {
    tail = extendTail(tail, page.records, lookbackMs);
    const reading = { ...page.reading, tail };
    const ids = page.records.map((record) => String(record['id']));
    const found = await readAssociations(account, sides, ids, request.signal);
    const next = page.isLast
      ? settleChanges(scene, reading, page.sourceMs)
      : { ...cursor, fields: '', reading };
    yield toPage(found, next);
  }
}

async function* readScan(scene: Scene, begin: ScanReading): AsyncGenerator<Page> {
  let reading = begin;
  for (let reads = 0; reads < readsMax; reads += 1) {
    const listed = await listIds(scene, reading);
    const found = await readAssociations(
      scene.account,
      scene.sides,
      listed.ids,
      scene.request.signal,
    );
    reading = listed.reading;
    const { isLast } = listed;
    const next = isLast
      ? settleScan(scene, reading, scene.clock.now())
      : { ...scene.cursor, fields: '', reading };
    const scan = { id: reading.scanId, ...(isLast ? { complete: true } : {}) };
    yield { ...toPage(found, next), scan };
    if (isLast) return;
  }
}

/** The ids of the next records, as many as one association read takes or the budget allows. */
async function listIds(scene: Scene, begin: ScanReading) {
  const { account, sides, request } = scene;
  const ids: string[] = [];
  let reading = begin;
  for (let lists = 0; lists < listsPerRead; lists += 1) {
    const options = { properties: ['hs_object_id'], after: reading.after, isArchived: false };
    const page = await listRecords(account, sides.fromPath, options, request.signal);
    const newest = newestStamp(page.lines, 'updatedAt');
    const isFirst = reading.after === undefined;
    const seen = laterOf(reading.newest, newest);
    reading = {
      ...reading,
      records: reading.records + page.records,
      ...(isFirst && newest !== undefined ? { floor: newest } : {}),
      ...(seen === undefined ? {} : { newest: seen }),
      ...(page.after === undefined ? {} : { after: page.after }),
    };
    const records = parseLines(page.lines);
    ids.push(...records.map((record) => String(record['id'])));
    reading = { ...reading, tail: extendTail(reading.tail ?? [], records, scene.lookbackMs) };
    if (page.after === undefined) return { ids, reading, isLast: true };
    // One call is kept for the associations of what was listed, or all of it would be lost.
    if (account.remaining() <= 1) break;
  }
  return { ids, reading, isLast: false };
}

function toPage(found: readonly HubSpotAssociation[], next: HubSpotCursor): Page {
  return {
    format: 'ndjson',
    body: Buffer.from(found.map((one) => `${JSON.stringify(one)}\n`).join('')),
    records: found.length,
    checkpoint: saveCursor(next),
  };
}
