import type { Clock } from '../../engine/words/clock.ts';
import { TerminalError, TransientError } from '../../engine/words/errors.ts';
import type { JsonObject } from '../../engine/words/json.ts';
import type { SalesforceAccount } from './account.ts';
import { findFault } from './fault.ts';

/** Every poll is a call: the wait doubles from the first to the last of these. */
const pollWaitMsFirst = 500;
const pollWaitMsMax = 30_000;
/** Over six hours of waiting; Salesforce gives a query up far earlier. */
const pollsMax = 800;

export interface QueryJob {
  readonly id: string;
  /** The source's clock when the job began: everything committed before is in its result. */
  readonly createdMs: number;
}

export interface BulkPage {
  /** CSV with its header row, which every page repeats. */
  readonly body: Buffer;
  readonly records: number;
  /** Where the next page begins; absent on the last one. */
  readonly locator?: string;
}

/** A repeated creation leaves an unused job behind, which is harmless and expires. */
export async function createQueryJob(
  account: SalesforceAccount,
  query: string,
  signal: AbortSignal,
): Promise<QueryJob> {
  const reply = await account.read({
    method: 'POST',
    path: '/jobs/query',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      operation: 'queryAll',
      query,
      contentType: 'CSV',
      columnDelimiter: 'COMMA',
      lineEnding: 'LF',
    }),
    signal,
  });
  const job = parseJob(reply.body);
  return { id: String(job['id']), createdMs: Date.parse(String(job['createdDate'])) };
}

/**
 * Waits until the job is done and answers how many records it found.
 * @throws TransientError `job-failed` or TerminalError `object-not-found` where the job is no more.
 */
export async function awaitQueryJob(
  account: SalesforceAccount,
  id: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<number | undefined> {
  const job = await pollJob(account, `/jobs/query/${id}`, clock, signal);
  const found = job['numberRecordsProcessed'];
  if (job['state'] === 'JobComplete') return typeof found === 'number' ? found : undefined;
  throw new TransientError(`the bulk query job ${id} ended as ${String(job['state'])}`, {
    code: 'job-failed',
    hint: 'Look at Setup › Bulk Data Load Jobs for the reason.',
  });
}

/** Asks until the job has come to an end, good or bad. */
export async function pollJob(
  account: SalesforceAccount,
  path: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<JsonObject> {
  let waitMs = pollWaitMsFirst;
  for (let poll = 0; poll < pollsMax; poll += 1) {
    const reply = await account.read({ method: 'GET', path, signal });
    const job = parseJob(reply.body);
    const state = String(job['state']);
    if (state === 'JobComplete' || state === 'Failed' || state === 'Aborted') return job;
    await clock.sleep(waitMs, signal);
    waitMs = Math.min(pollWaitMsMax, waitMs * 2);
  }
  throw new TransientError(`the bulk job at ${path} has not ended after ${pollsMax} questions`, {
    code: 'job-late',
  });
}

/** One page of a finished job; a locator may be used again. */
export async function readBulkPage(
  account: SalesforceAccount,
  id: string,
  locator: string | undefined,
  recordsMax: number,
  signal: AbortSignal,
): Promise<BulkPage> {
  const query = new URLSearchParams({ maxRecords: String(recordsMax) });
  if (locator !== undefined) query.set('locator', locator);
  const reply = await account.read({
    method: 'GET',
    path: `/jobs/query/${id}/results?${query}`,
    headers: { accept: 'text/csv' },
    signal,
  });
  const records = Number(reply.headers.get('sforce-numberofrecords') ?? Number.NaN);
  if (!Number.isInteger(records)) {
    throw new TransientError(`a page of bulk query job ${id} came without its number of records`, {
      code: 'bad-page',
    });
  }
  // The end is the literal text "null"; a page without the header is an end too, not a loop.
  const next = reply.headers.get('sforce-locator');
  const isLast = next === null || next === '' || next === 'null';
  return { body: reply.body, records, ...(isLast ? {} : { locator: next }) };
}

/** Objects that bulk jobs do not take; the REST pages do. */
export function isBulkRefused(error: unknown): boolean {
  const code = findFault(error)?.errorCode ?? '';
  return /^(INVALIDENTITY|FEATURENOTENABLED|FEATURE_NOT_ENABLED|FUNCTIONALITY_NOT_ENABLED)$/.test(
    code,
  );
}

/** True where a saved job or locator is no longer there and a new job is the way on. */
export function isJobGone(error: unknown): boolean {
  if (error instanceof TransientError) return error.code === 'job-failed';
  if (!(error instanceof TerminalError)) return false;
  const fault = findFault(error);
  if (fault === undefined) return false;
  const { errorCode } = fault;
  const isGone = errorCode === 'NOT_FOUND' || errorCode === 'INVALID_QUERY_LOCATOR';
  return isGone || errorCode.startsWith('INVALIDJOB') || fault.status === 409;
}

export function parseJob(body: Buffer): JsonObject {
  try {
    return JSON.parse(body.toString('utf8')) as JsonObject;
  } catch {
    throw new TransientError('the answer about a bulk job is not JSON', { code: 'bad-page' });
  }
}
