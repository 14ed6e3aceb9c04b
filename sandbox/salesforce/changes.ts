import type { SandboxRequest } from '../exchange.ts';
import { ApiError } from './api-error.ts';
import type { Org } from './org.ts';
import type { SandboxObject } from './schema.ts';
import { quote, recycleBinMs } from './store.ts';
import { printStamp, readStamp } from './value.ts';

const updatedDaysMax = 30;
const idsMax = 600_000;
const print = (stamp: string): string => `${stamp}.000+0000`;

interface Span {
  start: string;
  end: string;
  /** The end, or now if that is earlier. */
  covered: string;
}

function readSpan(org: Org, request: SandboxRequest, daysMax: number): Span {
  // An unencoded "+00:00" arrives as a blank.
  const read = (name: string): string => {
    const stamp = readStamp((request.query.get(name) ?? '').replace(' ', '+'));
    if (stamp !== undefined) return stamp;
    throw new ApiError(400, 'INVALID_REPLICATION_DATE', `${name}: not an ISO 8601 time`);
  };
  const start = read('start');
  const end = read('end');
  const lengthMs = Date.parse(`${end}Z`) - Date.parse(`${start}Z`);
  if (lengthMs <= 60_000) {
    throw new ApiError(
      400,
      'INVALID_REPLICATION_DATE',
      'startDate must be at least 1 minute before endDate',
    );
  }
  const now = org.clock.now();
  if (Date.parse(`${start}Z`) < now - daysMax * 24 * 3600 * 1000) {
    throw new ApiError(
      400,
      'INVALID_REPLICATION_DATE',
      `startDate cannot be more than ${daysMax} days ago`,
    );
  }
  const stampNow = printStamp(now);
  return { start, end, covered: end < stampNow ? end : stampNow };
}

function checkCount(count: number): void {
  if (count <= idsMax) return;
  throw new ApiError(400, 'EXCEEDED_ID_LIMIT', `more than ${idsMax} ids; ask for a shorter span`);
}

/** `GET /sobjects/X/deleted`. */
export function listDeleted(org: Org, object: SandboxObject, request: SandboxRequest): object {
  const { start, end, covered } = readSpan(org, request, recycleBinMs / 24 / 3600 / 1000);
  org.store.purge(object);
  const sql = `select "Id" as id, _deleted_at as at from ${quote(object.name)}
    where _deleted_at >= ? and _deleted_at < ? order by _deleted_at, "Id" limit ?`;
  const rows = org.store.prepare(sql).all(start, end, idsMax + 1);
  checkCount(rows.length);
  return {
    deletedRecords: rows.map((row) => ({ id: row['id'], deletedDate: print(String(row['at'])) })),
    earliestDateAvailable: print(printStamp(org.clock.now() - recycleBinMs)),
    latestDateCovered: print(covered),
  };
}

/** `GET /sobjects/X/updated`: created and changed rows that still live. */
export function listUpdated(org: Org, object: SandboxObject, request: SandboxRequest): object {
  const { start, end, covered } = readSpan(org, request, updatedDaysMax);
  const sql = `select "Id" as id from ${quote(object.name)}
    where "SystemModstamp" >= ? and "SystemModstamp" < ? and "IsDeleted" = 0
    order by "SystemModstamp", "Id" limit ?`;
  const rows = org.store.prepare(sql).all(start, end, idsMax + 1);
  checkCount(rows.length);
  return { ids: rows.map((row) => row['id']), latestDateCovered: print(covered) };
}
