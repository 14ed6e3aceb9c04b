import type { SandboxReply, SandboxRequest } from '../exchange.ts';
import { ApiError } from './api-error.ts';
import { mintId } from './id.ts';
import type { Org } from './org.ts';
import { readRecords } from './record.ts';
import { countRows, findRows, type RowSet } from './row-set.ts';
import { compileSoql } from './soql.ts';
import { malformed } from './soql-tree.ts';

const pageSizeMin = 200;
const pageSizeDefault = 2000;
const locatorDays = 2;
/** Open result sets kept; the oldest goes first. */
const cursorsMax = 100;

interface Cursor {
  set: RowSet;
  expiresAt: number;
}

export interface QueryReader {
  /** `GET /query?q=` and `/queryAll?q=`. */
  query(request: SandboxRequest, all: boolean, base: string): SandboxReply;
  /** `GET /query/01g…-2000`: the next page, the same each time it is asked for. */
  queryMore(request: SandboxRequest, locator: string, base: string): SandboxReply;
}

export function createQueryReader(org: Org, pageSizeMax = pageSizeDefault): QueryReader {
  const cursors = new Map<string, Cursor>();
  let opened = 0;

  function printPage(set: RowSet, id: string, from: number, size: number, base: string): object {
    const total = set.numbers.length;
    const to = Math.min(total, from + size);
    const records = readRecords(org, set, from, to, base);
    const page = { totalSize: total, done: to >= total };
    if (page.done) return { ...page, records };
    return { ...page, nextRecordsUrl: `${base}/query/${id}-${to}`, records };
  }

  function keep(set: RowSet): string {
    opened += 1;
    const id = mintId('01g', 'RO', opened);
    cursors.set(id, { set, expiresAt: org.clock.now() + locatorDays * 24 * 3600 * 1000 });
    for (const oldest of cursors.keys()) {
      if (cursors.size <= cursorsMax) break;
      cursors.delete(oldest);
    }
    return id;
  }

  return {
    query(request, all, base) {
      const soql = request.query.get('q');
      if (soql === null || soql.trim() === '')
        throw malformed('A query string has to be specified');
      const query = compileSoql(org, soql, { all, bulk: false });
      if (query.isCount) {
        const totalSize = countRows(org, query);
        return { status: 200, body: { totalSize, done: true, records: [] } };
      }
      const set = findRows(org, query);
      const size = readPageSize(request, pageSizeMax);
      const id = set.numbers.length > size ? keep(set) : '';
      return { status: 200, body: printPage(set, id, 0, size, base) };
    },
    queryMore(request, locator, base) {
      const [, id = '', from = ''] = /^(01g\w{15})-(\d+)$/.exec(locator) ?? [];
      const cursor = cursors.get(id);
      if (cursor === undefined || cursor.expiresAt <= org.clock.now()) {
        throw new ApiError(400, 'INVALID_QUERY_LOCATOR', 'invalid query locator');
      }
      const size = readPageSize(request, pageSizeMax);
      return { status: 200, body: printPage(cursor.set, id, Number(from), size, base) };
    },
  };
}

function readPageSize(request: SandboxRequest, pageSizeMax: number): number {
  const header = String(request.headers['sforce-query-options'] ?? '');
  const asked = Number(/batchSize\s*=\s*(\d+)/i.exec(header)?.[1] ?? pageSizeDefault);
  // Tests may set a page smaller than Salesforce's smallest.
  return Math.min(Math.max(asked, pageSizeMin), pageSizeDefault, pageSizeMax);
}
