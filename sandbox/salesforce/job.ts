import { ApiError, notFound } from './api-error.ts';
import {
  type CsvFormat,
  type DelimiterName,
  delimiters,
  type LineEndingName,
  lineEndings,
} from './csv.ts';
import { mintId } from './id.ts';
import type { Org } from './org.ts';
import { printStamp } from './value.ts';

export type JobState =
  | 'Open'
  | 'UploadComplete'
  | 'InProgress'
  | 'JobComplete'
  | 'Failed'
  | 'Aborted';

/** What query and ingest jobs of Bulk API 2.0 have in common. */
export interface Job {
  id: string;
  object: string;
  operation: string;
  state: JobState;
  apiVersion: string;
  createdAt: number;
  changedAt: number;
  format: CsvFormat;
  errorMessage?: string;
}

/** Finished jobs and their results are kept this long; open ones a day. */
const keptMs = 7 * 24 * 3600 * 1000;
const openMs = 24 * 3600 * 1000;
const jobsMax = 10_000;

export interface JobList<T extends Job> {
  add(make: (id: string, now: number) => T): T;
  /** NOT_FOUND for a job that is not there or has expired. */
  find(id: string): T;
  remove(id: string): void;
  all(): T[];
}

export function createJobList<T extends Job>(org: Org, kind: number): JobList<T> {
  const jobs = new Map<string, T>();
  let count = 0;
  const isOver = (job: T): boolean => {
    const age = org.clock.now() - job.createdAt;
    return age > (job.state === 'Open' ? openMs : keptMs);
  };
  return {
    add(make) {
      for (const [id, job] of jobs) if (isOver(job)) jobs.delete(id);
      if (jobs.size >= jobsMax) {
        throw new ApiError(400, 'API_ERROR', `more than ${jobsMax} jobs`);
      }
      count += 1;
      const job = make(mintId('750', kind === 0 ? 'Q0' : 'I0', count), org.clock.now());
      jobs.set(job.id, job);
      return job;
    },
    find(id) {
      const job = jobs.get(id) ?? [...jobs.values()].find((each) => each.id.startsWith(id));
      if (job === undefined || id.length < 15 || isOver(job)) throw notFound();
      return job;
    },
    remove(id) {
      jobs.delete(id);
    },
    all: () => [...jobs.values()].filter((job) => !isOver(job)),
  };
}

export function readFormat(body: Record<string, unknown>): CsvFormat {
  const delimiter = body['columnDelimiter'] ?? 'COMMA';
  const lineEnding = body['lineEnding'] ?? 'LF';
  if (!Object.hasOwn(delimiters, String(delimiter))) {
    throw new ApiError(400, 'INVALIDJOB', `Invalid columnDelimiter: ${String(delimiter)}`);
  }
  if (!Object.hasOwn(lineEndings, String(lineEnding))) {
    throw new ApiError(400, 'INVALIDJOB', `Invalid lineEnding: ${String(lineEnding)}`);
  }
  const contentType = body['contentType'] ?? 'CSV';
  if (contentType !== 'CSV') {
    throw new ApiError(400, 'INVALIDJOB', `Invalid contentType: ${String(contentType)}`);
  }
  return { delimiter: delimiter as DelimiterName, lineEnding: lineEnding as LineEndingName };
}

export function printJob(org: Org, job: Job): Record<string, unknown> {
  const print = (ms: number): string => `${printStamp(ms)}.000+0000`;
  return {
    id: job.id,
    operation: job.operation,
    object: job.object,
    createdById: org.userId,
    createdDate: print(job.createdAt),
    systemModstamp: print(job.changedAt),
    state: job.state,
    concurrencyMode: 'Parallel',
    contentType: 'CSV',
    apiVersion: Number(job.apiVersion),
    lineEnding: job.format.lineEnding,
    columnDelimiter: job.format.delimiter,
    ...(job.errorMessage === undefined ? {} : { errorMessage: job.errorMessage }),
  };
}

export function moveJob(org: Org, job: Job, state: JobState): void {
  job.state = state;
  job.changedAt = org.clock.now();
}

export function badState(message: string): ApiError {
  return new ApiError(400, 'INVALIDJOBSTATE', message);
}

/** The answer to a wrong version or a result asked for too early. */
export function conflict(message: string): ApiError {
  return new ApiError(409, 'INVALIDJOBSTATE', message);
}
