import { parse } from 'csv-parse/sync';
import type { Clock } from '../../engine/words/clock.ts';
import { messageOf, TransientError } from '../../engine/words/errors.ts';
import type { SalesforceAccount } from './account.ts';
import { parseJob, pollJob } from './bulk-query.ts';

/** Salesforce takes 150 MB after base64, which is a hundred before; headers leave some room. */
export const uploadBytesMax = 90 * 1024 * 1024;
/** Creation, upload, closing, about two questions and one list of results. */
export const ingestCalls = 6;

export interface IngestJob {
  readonly object: string;
  readonly operation: 'insert' | 'update' | 'upsert' | 'delete';
  readonly externalIdField?: string;
  readonly csv: Buffer;
}

export type ResultRow = Readonly<Record<string, string>>;

/** Rows in Salesforce's own order, not the one they were sent in. */
export interface IngestResult {
  readonly jobId: string;
  /** With `sf__Id`, `sf__Created` and the submitted columns. */
  readonly successful: readonly ResultRow[];
  /** With `sf__Id`, `sf__Error` and the submitted columns. */
  readonly failed: readonly ResultRow[];
  /** The submitted columns of rows that were never tried. */
  readonly unprocessed: readonly ResultRow[];
  /** Why the file as a whole was refused: sending it again would not help. */
  readonly refusal?: string;
}

/** Faults of the file, not of the moment. */
const fileFault = /InvalidBatch|ClientInputError|Field name not found|INVALID_FIELD|No such column/;

/** The job was handed over, and what became of its rows could not be read. */
export class IngestInDoubt extends Error {
  override readonly name = 'IngestInDoubt';
  readonly jobId: string;

  constructor(jobId: string, cause: unknown) {
    super(`the results of bulk job ${jobId} could not be read: ${messageOf(cause)}`, { cause });
    this.jobId = jobId;
  }
}

/**
 * Loads rows by one job. Until the job is closed nothing is applied, so any failure before is
 * harmless and thrown as it is (an upload that failed gets a new job: a job takes one upload).
 * @throws IngestInDoubt where the job was or may have been closed and its results are not known.
 */
export async function runIngest(
  account: SalesforceAccount,
  clock: Clock,
  job: IngestJob,
  signal: AbortSignal,
): Promise<IngestResult> {
  const id = await account.repeat(() => uploadJob(account, job, signal), signal);
  const path = `/jobs/ingest/${id}`;
  await closeJob(account, path, id, signal);
  try {
    const ended = await pollJob(account, path, clock, signal);
    const processed = Number(ended['numberRecordsProcessed'] ?? 0);
    const failed = Number(ended['numberRecordsFailed'] ?? 0);
    const isWhole = ended['state'] === 'JobComplete';
    const reason = String(ended['errorMessage'] ?? '');
    const read = (list: string, isNeeded: boolean): Promise<readonly ResultRow[]> =>
      isNeeded ? readRows(account, `${path}/${list}`, signal) : Promise.resolve([]);
    return {
      jobId: id,
      successful: await read('successfulResults', !isWhole || processed > failed),
      failed: await read('failedResults', !isWhole || failed > 0),
      unprocessed: await read('unprocessedrecords', !isWhole),
      ...(!isWhole && fileFault.test(reason) ? { refusal: reason } : {}),
    };
  } catch (error) {
    signal.throwIfAborted();
    throw new IngestInDoubt(id, error);
  }
}

async function uploadJob(
  account: SalesforceAccount,
  job: IngestJob,
  signal: AbortSignal,
): Promise<string> {
  const reply = await account.send({
    method: 'POST',
    path: '/jobs/ingest',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      object: job.object,
      operation: job.operation,
      ...(job.externalIdField === undefined ? {} : { externalIdFieldName: job.externalIdField }),
      contentType: 'CSV',
      columnDelimiter: 'COMMA',
      lineEnding: 'LF',
    }),
    signal,
  });
  const id = String(parseJob(reply.body)['id']);
  await account.send({
    method: 'PUT',
    path: `/jobs/ingest/${id}/batches`,
    headers: { 'content-type': 'text/csv' },
    body: job.csv,
    signal,
  });
  return id;
}

/** A lost answer to the closing is settled by asking the job itself. */
async function closeJob(
  account: SalesforceAccount,
  path: string,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  let isDoubtful = false;
  try {
    await account.repeat(async () => {
      if (isDoubtful) {
        const asked = await account.send({ method: 'GET', path, signal });
        if (parseJob(asked.body)['state'] !== 'Open') return;
        isDoubtful = false;
      }
      try {
        await account.send({
          method: 'PATCH',
          path,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ state: 'UploadComplete' }),
          signal,
        });
      } catch (error) {
        if (error instanceof TransientError) isDoubtful = true;
        throw error;
      }
    }, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (isDoubtful) throw new IngestInDoubt(id, error);
    throw error;
  }
}

function readRows(
  account: SalesforceAccount,
  path: string,
  signal: AbortSignal,
): Promise<readonly ResultRow[]> {
  return account.repeat(async () => {
    const headers = { accept: 'text/csv' };
    const reply = await account.send({ method: 'GET', path, headers, signal });
    try {
      return parse(reply.body, { columns: true, skip_empty_lines: true }) as ResultRow[];
    } catch {
      // The cause is left out: it quotes the line.
      throw new TransientError('the result rows of a bulk job are not CSV', { code: 'bad-page' });
    }
  }, signal);
}
