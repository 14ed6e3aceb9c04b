import { cutRecords } from '../../engine/wire/cut.ts';
import type { JsonObject } from '../../engine/words/json.ts';
import type { SalesforceAccount } from './account.ts';

export interface QueryPage {
  /** One record a line. */
  readonly lines: Buffer;
  readonly records: number;
  /** How many records the whole query has, this page's included. */
  readonly total: number;
  readonly isDone: boolean;
  readonly nextPath: string | undefined;
  /** The source's clock by its `Date` header, where it sends one. */
  readonly sourceMs: number | undefined;
}

/** One REST page of a query, its records cut to lines. Repeats itself while transient. */
export function readQueryPage(
  account: SalesforceAccount,
  path: string,
  signal: AbortSignal,
): Promise<QueryPage> {
  return account.repeat(async () => {
    const reply = await account.send({ method: 'GET', path, signal });
    const cut = cutRecords(reply.body, {
      key: 'records',
      where: `GET ${path.split('?')[0] ?? ''}`,
      // Only a query answered in one page holds as many records as it says.
      countOf: (rest: JsonObject) =>
        rest['done'] === true && path.includes('?q=') ? Number(rest['totalSize']) : undefined,
    });
    const next = cut.rest['nextRecordsUrl'];
    const dateMs = Date.parse(reply.headers.get('date') ?? '');
    return {
      lines: cut.lines,
      records: cut.count,
      total: Number(cut.rest['totalSize'] ?? cut.count),
      isDone: cut.rest['done'] === true,
      nextPath: typeof next === 'string' ? next : undefined,
      sourceMs: Number.isNaN(dateMs) ? undefined : dateMs,
    };
  }, signal);
}
