import type { SandboxReply, SandboxRequest } from '../exchange.ts';
import { ApiError, notFound } from './api-error.ts';
import { printCsv } from './csv.ts';
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
import { countPresent, findRows, type RowSet } from './row-set.ts';
import { readJson } from './sobjects.ts';
import { compileSoql } from './soql.ts';

const bulkPageSizeDefault = 50_000;
/** `resultPages` names this many pages at a time. */
const resultPagesMax = 5;

interface QueryJob extends Job {
  soql: string;
  set?: RowSet;
}

export interface BulkRequest {
  request: SandboxRequest;
  /** The path behind `/jobs/query` or `/jobs/ingest`. */
  parts: readonly string[];
  version: string;
  base: string;
}

/**
 * Bulk API 2.0 queries. A job moves with the polls: the first finds it InProgress, the second runs
 * it and finds it JobComplete.
 */
export function createBulkQuery(org: Org, pageSizeMax = bulkPageSizeDefault) {
  const jobs = createJobList<QueryJob>(org, 0);

  function create({ request, version }: BulkRequest): SandboxReply {
    const body = readJson(request);
    const { operation, query: soql } = body;
    if (operation !== 'query' && operation !== 'queryAll') {
      throw new ApiError(400, 'INVALIDJOB', `Invalid operation: ${String(operation)}`);
    }
    if (typeof soql !== 'string') throw new ApiError(400, 'INVALIDJOB', 'query not specified');
    const format = readFormat(body);
    const query = compileSoql(org, soql, { all: operation === 'queryAll', bulk: true });
    const job = jobs.add((id, now) => ({
      id,
      object: query.object.name,
      operation,
      state: 'UploadComplete',
      apiVersion: version,
      createdAt: now,
      changedAt: now,
      format,
      soql,
    }));
    return { status: 200, body: printJob(org, job) };
  }

  function advance(job: QueryJob): void {
    if (job.state === 'UploadComplete') moveJob(org, job, 'InProgress');
    else if (job.state === 'InProgress') {
      try {
        const all = job.operation === 'queryAll';
        job.set = findRows(org, compileSoql(org, job.soql, { all, bulk: true }));
        moveJob(org, job, 'JobComplete');
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        job.errorMessage = `${error.code}: ${error.message}`;
        moveJob(org, job, 'Failed');
      }
    }
  }

  function printStatus(job: QueryJob): Record<string, unknown> {
    return {
      ...printJob(org, job),
      jobType: 'V2Query',
      retries: 0,
      totalProcessingTime: job.changedAt - job.createdAt,
      numberRecordsProcessed: job.set?.numbers.length ?? 0,
      isPkChunkingSupported: true,
    };
  }

  function patch(job: QueryJob, request: SandboxRequest): SandboxReply {
    if (readJson(request)['state'] !== 'Aborted') throw badState('Invalid state');
    if (job.state === 'JobComplete' || job.state === 'Failed') {
      throw badState(`Job is already in state ${job.state}`);
    }
    moveJob(org, job, 'Aborted');
    return { status: 200, body: printStatus(job) };
  }

  function readPage(job: QueryJob, request: SandboxRequest): SandboxReply {
    const { set } = job;
    if (set === undefined || job.state !== 'JobComplete') {
      throw conflict(`Job is in state ${job.state}; results are there once it is JobComplete`);
    }
    const total = set.numbers.length;
    const from = readLocator(request.query.get('locator'), total);
    const asked = Number(request.query.get('maxRecords') ?? pageSizeMax);
    if (!Number.isInteger(asked) || asked < 1) {
      throw new ApiError(400, 'INVALID_ARGUMENT', 'maxRecords: not a positive number');
    }
    const to = Math.min(total, from + Math.min(asked, pageSizeMax));
    return {
      status: 200,
      headers: {
        'content-type': 'text/csv',
        'sforce-locator': to < total ? printLocator(to) : 'null',
        'sforce-numberofrecords': String(countPresent(org, set, from, to)),
      },
      body: printCsv(org, set, from, to, job.format),
    };
  }

  function listPages(job: QueryJob, { request, base }: BulkRequest): SandboxReply {
    const total = job.set?.numbers.length ?? 0;
    if (job.state !== 'JobComplete') throw conflict(`Job is in state ${job.state}`);
    const results = `${base}/jobs/query/${job.id}/results`;
    const resultPages: { resultLink: string }[] = [];
    let at = readLocator(request.query.get('locator'), total);
    for (; at < total && resultPages.length < resultPagesMax; at += pageSizeMax) {
      resultPages.push({
        resultLink: at === 0 ? results : `${results}?locator=${printLocator(at)}`,
      });
    }
    if (at >= total) return { status: 200, body: { resultPages, done: true } };
    const nextRecordsUrl = `${base}/jobs/query/${job.id}/resultPages?locator=${printLocator(at)}`;
    return { status: 200, body: { resultPages, nextRecordsUrl, done: false } };
  }

  function answer(call: BulkRequest): SandboxReply {
    const { request, parts, version } = call;
    const [id, what] = parts;
    const { method } = request;
    if (id === undefined) {
      if (method === 'POST') return create(call);
      const records = jobs.all().map((job) => printStatus(job));
      return { status: 200, body: { done: true, records, nextRecordsUrl: null } };
    }
    const job = jobs.find(id);
    if (what !== undefined) {
      if (job.apiVersion !== version) {
        throw conflict(`The job was created with API version ${job.apiVersion}`);
      }
      if (what === 'results') return readPage(job, request);
      if (what === 'resultPages') return listPages(job, call);
      throw notFound();
    }
    if (method === 'PATCH') return patch(job, request);
    if (method === 'DELETE') {
      if (job.state === 'UploadComplete' || job.state === 'InProgress') {
        throw badState('Job can be deleted once it is complete, failed or aborted');
      }
      jobs.remove(job.id);
      return { status: 204 };
    }
    advance(job);
    return { status: 200, body: printStatus(job) };
  }

  return { answer };
}

function printLocator(offset: number): string {
  return Buffer.from(String(offset)).toString('base64url');
}

function readLocator(locator: string | null, total: number): number {
  if (locator === null || locator === '') return 0;
  const text = Buffer.from(locator, 'base64url').toString();
  const offset = Number(text);
  if (/^\d+$/.test(text) && offset > 0 && offset < total) return offset;
  throw new ApiError(400, 'INVALID_QUERY_LOCATOR', 'Invalid query locator');
}
