import { parse } from 'csv-parse';
import type { SandboxReply, SandboxRequest } from '../exchange.ts';
import { createRandom } from '../faults.ts';
import { ApiError, notFound } from './api-error.ts';
import type { BulkRequest } from './bulk-query.ts';
import { delimiters, printLine } from './csv.ts';
import { applyRow, checkHeader, type IngestOperation, ingestOperations } from './ingest-row.ts';
import {
  badState,
  conflict,
  createJobList,
  type Job,
  moveJob,
  printJob,
  readFormat,
} from './job.ts';
import type { Org } from './org.ts';
import { readJson } from './sobjects.ts';

/** Salesforce takes 100 MB raw (150 MB in base64); rows of 200 make one transaction. */
const uploadBytesMax = 150 * 1024 * 1024;
const transactionRows = 200;
const headerLengthMax = 32_000;

interface IngestJob extends Job {
  operation: IngestOperation;
  keyName: string | undefined;
  upload?: Buffer;
  header: readonly string[];
  isRunning: boolean;
  /** Lines of the result files, header left out. */
  successful: string[];
  failed: string[];
}

/**
 * Bulk API 2.0 ingest. The first poll after UploadComplete finds InProgress, the second runs it.
 */
export function createBulkIngest(org: Org, seed: number) {
  const jobs = createJobList<IngestJob>(org, 1);

  function create({ request, version }: BulkRequest): SandboxReply {
    const body = readJson(request);
    const operation = body['operation'] as IngestOperation;
    if (!ingestOperations.includes(operation)) {
      throw new ApiError(400, 'INVALIDJOB', `Invalid operation: ${String(operation)}`);
    }
    const object = org.catalog.see(String(body['object']), 'query');
    const keyName = body['externalIdFieldName'];
    if (operation === 'upsert' && typeof keyName !== 'string') {
      throw new ApiError(400, 'INVALIDJOB', 'External ID was blank for an upsert job');
    }
    const format = readFormat(body);
    const job = jobs.add((id, now) => ({
      id,
      object: object.name,
      operation,
      state: 'Open',
      apiVersion: version,
      createdAt: now,
      changedAt: now,
      format,
      keyName: operation === 'upsert' ? String(keyName) : undefined,
      header: [],
      isRunning: false,
      successful: [],
      failed: [],
    }));
    return { status: 200, body: printBrief(job) };
  }

  function printBrief(job: IngestJob): Record<string, unknown> {
    const contentUrl = `services/data/v${job.apiVersion}/jobs/ingest/${job.id}/batches`;
    const brief = { ...printJob(org, job), contentUrl };
    return job.keyName === undefined ? brief : { ...brief, externalIdFieldName: job.keyName };
  }

  function printStatus(job: IngestJob): Record<string, unknown> {
    return {
      ...printBrief(job),
      jobType: 'V2Ingest',
      numberRecordsProcessed: job.successful.length + job.failed.length,
      numberRecordsFailed: job.failed.length,
      retries: 0,
      totalProcessingTime: job.changedAt - job.createdAt,
      apiActiveProcessingTime: job.changedAt - job.createdAt,
      apexProcessingTime: 0,
    };
  }

  function upload(job: IngestJob, request: SandboxRequest): SandboxReply {
    if (job.upload !== undefined || job.state !== 'Open') {
      throw badState(
        `Found multiple contents for job: <${job.id}>, please 'Close' / 'Abort' / 'Delete' the current Job then create a new Job and make sure you only do 'PUT' once on a given Job.`,
      );
    }
    if (request.body.length > uploadBytesMax) {
      throw new ApiError(413, 'INVALIDJOB', 'upload is larger than 150 MB');
    }
    job.upload = request.body;
    return { status: 201 };
  }

  function patch(job: IngestJob, request: SandboxRequest): SandboxReply {
    const { state } = readJson(request);
    if (state === 'UploadComplete' && job.state === 'Open') {
      moveJob(org, job, 'UploadComplete');
    } else if (state === 'Aborted' && job.state !== 'JobComplete' && job.state !== 'Failed') {
      moveJob(org, job, 'Aborted');
    } else throw badState(`Job is in state ${job.state}; cannot become ${String(state)}`);
    return { status: 200, body: printBrief(job) };
  }

  async function advance(job: IngestJob): Promise<void> {
    if (job.state === 'UploadComplete') moveJob(org, job, 'InProgress');
    else if (job.state === 'InProgress' && !job.isRunning) {
      job.isRunning = true;
      try {
        await runJob(org, job);
        shuffle(job.successful, seed);
        shuffle(job.failed, seed + 1);
        moveJob(org, job, 'JobComplete');
      } catch (error) {
        job.errorMessage = error instanceof Error ? error.message : String(error);
        moveJob(org, job, 'Failed');
      } finally {
        job.isRunning = false;
      }
    }
  }

  async function answer(call: BulkRequest): Promise<SandboxReply> {
    const { request, parts, version } = call;
    const [id, what] = parts;
    const { method } = request;
    if (id === undefined) {
      if (method === 'POST') return create(call);
      const records = jobs.all().map((job) => printStatus(job));
      return { status: 200, body: { done: true, records, nextRecordsUrl: null } };
    }
    const job = jobs.find(id);
    if (job.apiVersion !== version) {
      throw conflict(`The job was created with API version ${job.apiVersion}`);
    }
    if (what === 'batches' && method === 'PUT') return upload(job, request);
    if (what !== undefined) return printResults(job, what);
    if (method === 'PATCH') return patch(job, request);
    if (method === 'DELETE') {
      if (job.state === 'InProgress' || job.state === 'UploadComplete') {
        throw badState('Job can be deleted once it is open, complete, failed or aborted');
      }
      jobs.remove(job.id);
      return { status: 204 };
    }
    await advance(job);
    return { status: 200, body: printStatus(job) };
  }

  return { answer };
}

async function* readRows(job: IngestJob): AsyncIterable<string[]> {
  const text = job.upload ?? Buffer.alloc(0);
  if (job.format.lineEnding === 'LF' && hasCarriageReturns(text)) {
    throw new Error(
      'ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF',
    );
  }
  const parser = parse(text, {
    delimiter: delimiters[job.format.delimiter],
    bom: true,
    relax_column_count: true,
    skip_empty_lines: true,
  });
  try {
    for await (const row of parser) yield row as string[];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`InvalidBatch : Failed to parse CSV: ${reason}`);
  }
}

/** Looks at the first line alone: later ones may hold line breaks inside quotes. */
function hasCarriageReturns(text: Buffer): boolean {
  const newline = text.indexOf(10);
  return newline > 0 && text[newline - 1] === 13;
}

async function runJob(org: Org, job: IngestJob): Promise<void> {
  const object = org.catalog.see(job.object, 'query');
  let group: string[][] = [];
  let plan: ReturnType<typeof checkHeader> | undefined;
  const flush = (): void => {
    if (plan === undefined) return;
    const counts = plan.countKeys(group);
    for (const row of group) {
      const result = applyRow(org, object, job.operation, plan, row, counts);
      if ('error' in result) {
        job.failed.push(printLine([result.id, result.error, ...pad(row, job)], job.format));
      } else {
        const cells = [result.id, String(result.created), ...pad(row, job)];
        job.successful.push(printLine(cells, job.format));
      }
    }
    group = [];
  };
  for await (const row of readRows(job)) {
    if (plan === undefined) {
      if (row.join(',').length > headerLengthMax) throw new Error('InvalidBatch : header too long');
      job.header = row;
      plan = checkHeader(object, job.operation, job.keyName, row);
      continue;
    }
    group.push(row);
    if (group.length >= transactionRows) org.store.atomic(flush);
    if ((job.state as string) === 'Aborted') return;
  }
  org.store.atomic(flush);
}

function pad(row: readonly string[], job: IngestJob): string[] {
  return job.header.map((_, at) => row[at] ?? '');
}

/** Result rows are not in the order of the upload. */
function shuffle(lines: string[], seed: number): void {
  const random = createRandom(seed);
  for (let at = lines.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    const line = lines[at] ?? '';
    lines[at] = lines[other] ?? '';
    lines[other] = line;
  }
}

async function printResults(job: IngestJob, what: string): Promise<SandboxReply> {
  const headers = { 'content-type': 'text/csv' };
  const { format } = job;
  switch (what) {
    case 'successfulResults': {
      const head = printLine(['sf__Id', 'sf__Created', ...job.header], format);
      return { status: 200, headers, body: concat(head, job.successful) };
    }
    case 'failedResults': {
      const head = printLine(['sf__Id', 'sf__Error', ...job.header], format);
      return { status: 200, headers, body: concat(head, job.failed) };
    }
    case 'unprocessedrecords':
      return { status: 200, headers, body: await printUnprocessed(job) };
    default:
      throw notFound();
  }
}

async function printUnprocessed(job: IngestJob): Promise<string> {
  const lines: string[] = [];
  const done = job.successful.length + job.failed.length;
  let at = 0;
  for await (const row of readRows(job)) {
    const isHeader = at === 0;
    if (isHeader || ((job.state === 'Failed' || job.state === 'Aborted') && at > done)) {
      lines.push(printLine(row, job.format));
    }
    at += 1;
  }
  return lines.join('');
}

function* concat(head: string, lines: readonly string[]): Iterable<string> {
  yield head;
  for (let at = 0; at < lines.length; at += 1000) yield lines.slice(at, at + 1000).join('');
}
