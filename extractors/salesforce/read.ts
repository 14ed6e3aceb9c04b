import type { SalesforceAccount } from '../../apis/salesforce/account.ts';
import {
  awaitQueryJob,
  createQueryJob,
  isBulkRefused,
  isJobGone,
  readBulkPage,
} from '../../apis/salesforce/bulk-query.ts';
import { type QueryPage, readQueryPage } from '../../apis/salesforce/query.ts';
import { formatInstant, formatQueryPath, queryPathBytesMax } from '../../apis/salesforce/soql.ts';
import { parseLastRecord } from '../../engine/wire/cut.ts';
import type { Clock } from '../../engine/words/clock.ts';
import { assertThat, TransientError } from '../../engine/words/errors.ts';
import type { Log } from '../../engine/words/log.ts';
import type { Page, ReadRequest } from '../../engine/words/stream.ts';
import {
  loadCursor,
  type Place,
  type Reading,
  type SalesforceCursor,
  saveCursor,
} from './cursor.ts';
import { planRead, type ReadPlan } from './read-plan.ts';
import { formatSoql } from './statement.ts';

/** Cells of one bulk page: about 64 MB of CSV at 32 bytes a cell, held while it is sent on. */
export const bulkCellsMax = 2_000_000;
export const bulkRecordsMax = 50_000;
/** Jobs begun for one read before it gives up. */
export const jobsMax = 3;
/** Pages of one read; at 2,000 records each far beyond any org. */
export const pagesMax = 1_000_000;

interface Scene {
  readonly account: SalesforceAccount;
  readonly clock: Clock;
  readonly log: Log;
  readonly request: ReadRequest;
  readonly plan: ReadPlan;
  readonly cursor: SalesforceCursor | undefined;
}

/**
 * Reads in the order of (stamp, id), each REST page a query of its own from the place where the
 * last one ended. So no page is lost to an expired locator, any page can be the last one of a
 * process, and a row edited meanwhile moves to the end and is met there. The first page also tells
 * the total: from `bulk_from` records on, a bulk job reads what is left, and the call is not
 * wasted.
 */
export async function* readStream(
  account: SalesforceAccount,
  clock: Clock,
  log: Log,
  request: ReadRequest,
): AsyncIterable<Page> {
  const cursor = loadCursor(request.cursor);
  const plan = planRead(request.stream, request.settings, cursor, request.boundaryMs);
  const scene: Scene = { account, clock, log, request, plan, cursor };
  log.info('reading', { stream: request.stream.name, mode: plan.mode, reason: plan.reason });
  let { reading } = plan;
  const isLong = formatPath(scene, reading).length > queryPathBytesMax;
  if (reading.job === undefined && !isLong) {
    const rest = yield* readPages(scene, reading, true);
    if (rest === undefined) return;
    reading = rest;
  }
  try {
    yield* readBulk(scene, reading);
  } catch (error) {
    if (!isBulkRefused(error) || isLong) throw error;
    log.info('bulk refused, reading pages', { stream: request.stream.name });
    yield* readPages(scene, reading, false);
  }
}

/** Answers what is left for a bulk job, or undefined when all was read. */
async function* readPages(
  scene: Scene,
  begin: Reading,
  mayTurnBulk: boolean,
): AsyncGenerator<Page, Reading | undefined> {
  const { account, request } = scene;
  let reading = begin;
  for (let pages = 0; pages < pagesMax; pages += 1) {
    const page = await readQueryPage(account, formatPath(scene, reading), request.signal);
    const place = findPlace(scene, page) ?? reading.after;
    reading = {
      ...reading,
      ...(place === undefined ? {} : { after: place }),
      records: reading.records + page.records,
    };
    const isLast = page.isDone || page.records === 0;
    yield {
      format: 'ndjson',
      body: page.lines,
      records: page.records,
      ...scanOf(reading, isLast),
      checkpoint: saveCursor(
        isLast
          ? finish(scene, reading, settleSince(scene, place, page.sourceMs))
          : pause(scene, reading),
      ),
    };
    if (isLast) return undefined;
    if (mayTurnBulk && page.total >= account.config.bulkFrom) return reading;
  }
  throw new Error(`assertion failed: ${request.stream.name} has more than ${pagesMax} pages`);
}

function findPlace(scene: Scene, page: QueryPage): Place | undefined {
  const record = parseLastRecord(page.lines);
  if (record === undefined) return undefined;
  const { cursorField } = scene.request.stream;
  const id = String(record['Id']);
  if (cursorField === undefined) return { id };
  const stampMs = Date.parse(String(record[cursorField]));
  assertThat(
    !Number.isNaN(stampMs),
    `a record of ${scene.request.stream.name} has no ${cursorField}`,
  );
  return { stamp: formatInstant(stampMs), id };
}

async function* readBulk(scene: Scene, begin: Reading): AsyncGenerator<Page> {
  const { log, request } = scene;
  let reading = begin;
  for (let jobs = 0; ; jobs += 1) {
    try {
      yield* readJob(scene, reading);
      return;
    } catch (error) {
      if (!isJobGone(error)) throw error;
      if (jobs + 1 >= jobsMax) throw error;
      log.info('beginning a new bulk job', { stream: request.stream.name });
      const { job: _, ...fresh } = reading;
      reading = fresh;
    }
  }
}

async function* readJob(scene: Scene, begin: Reading): AsyncGenerator<Page> {
  const { account, clock, request, plan } = scene;
  let job = begin.job;
  if (job === undefined) {
    const soql = formatSoql(request.stream, plan.names, begin, 'any');
    const created = await createQueryJob(account, soql, request.signal);
    job = { ...created, createdAtMs: clock.now(), delivered: 0 };
    // Nothing to land yet, but a process that ends now goes on with this job instead of another.
    const checkpoint = saveCursor(pause(scene, { ...begin, job }));
    yield {
      format: 'ndjson',
      body: new Uint8Array(),
      records: 0,
      ...scanOf(begin, false),
      checkpoint,
    };
  }
  const total = await awaitQueryJob(account, job.id, clock, request.signal);
  const recordsMax = Math.min(bulkRecordsMax, Math.ceil(bulkCellsMax / plan.names.length));
  for (let pages = 0; pages < pagesMax; pages += 1) {
    const page = await readBulkPage(account, job.id, job.locator, recordsMax, request.signal);
    const { locator: _, ...before } = job;
    job = { ...before, delivered: before.delivered + page.records };
    const isLast = page.locator === undefined;
    if (page.locator !== undefined) job = { ...job, locator: page.locator };
    if (isLast && total !== undefined && job.delivered !== total) {
      throw new TransientError(
        `the bulk query job ${job.id} gave ${job.delivered} records of ${total}`,
        { code: 'job-failed', stream: request.stream.name },
      );
    }
    const reading: Reading = { ...begin, job };
    const since = { since: formatInstant(job.createdMs), sinceAtMs: job.createdAtMs };
    const records = begin.records + job.delivered;
    yield {
      format: 'csv',
      body: page.body,
      records: page.records,
      ...scanOf(reading, isLast),
      checkpoint: saveCursor(
        isLast ? finish(scene, { ...reading, records }, since) : pause(scene, reading),
      ),
    };
    if (isLast) return;
  }
}

function formatPath(scene: Scene, reading: Reading): string {
  const { stream } = scene.request;
  return formatQueryPath(formatSoql(stream, scene.plan.names, reading, 'placed'), 'queryAll');
}

function scanOf(reading: Reading, isLast: boolean): Pick<Page, 'scan'> {
  if (reading.scanId === undefined) return {};
  return { scan: isLast ? { id: reading.scanId, complete: true } : { id: reading.scanId } };
}

function pause(scene: Scene, reading: Reading): SalesforceCursor {
  return { ...scene.cursor, fields: scene.plan.names.join(','), reading };
}

function finish(
  scene: Scene,
  reading: Reading,
  settled: Pick<SalesforceCursor, 'since' | 'sinceAtMs'>,
): SalesforceCursor {
  const { cursor, plan, request } = scene;
  const { reading: _, ...before } = cursor ?? { fields: '' };
  const whole =
    reading.scanId === undefined ? {} : { fullAtMs: request.boundaryMs, records: reading.records };
  const { floor } = reading;
  const isLate = floor !== undefined && settled.since !== undefined && floor < settled.since;
  const since = isLate ? { since: floor } : {};
  return { ...before, ...settled, ...since, ...whole, fields: plan.names.join(',') };
}

/**
 * How far a finished read has come. At least to the last stamp seen. A quiet stream would stay
 * there and read the same tail for ever; so the time that passed since, by our clock, is added:
 * only its rate is trusted, not what it shows, and never beyond the source's own `Date`.
 */
function settleSince(
  scene: Scene,
  place: Place | undefined,
  sourceMs: number | undefined,
): Pick<SalesforceCursor, 'since' | 'sinceAtMs'> {
  const { cursor, request, clock } = scene;
  const beforeMs = cursor?.since === undefined ? undefined : Date.parse(cursor.since);
  const seenMs = place?.stamp === undefined ? undefined : Date.parse(place.stamp);
  const passedMs = Math.max(0, request.boundaryMs - (cursor?.sinceAtMs ?? request.boundaryMs));
  const guessMs =
    beforeMs === undefined
      ? undefined
      : Math.min(beforeMs + passedMs, sourceMs ?? Number.POSITIVE_INFINITY);
  const known = [beforeMs, seenMs, guessMs].filter((ms) => ms !== undefined);
  if (known.length === 0) return { sinceAtMs: clock.now() };
  return { since: formatInstant(Math.max(...known)), sinceAtMs: clock.now() };
}
