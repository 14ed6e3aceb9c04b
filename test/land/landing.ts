import { join } from 'node:path';
import { sql } from 'kysely';
import { type LandOptions, landStream } from '../../engine/steps/land.ts';
import { silentLog } from '../../engine/words/log.ts';
import type { Cursor, Page, Stream } from '../../engine/words/stream.ts';
import type { Row, Warehouse } from '../../engine/words/warehouse.ts';

export const people: Stream = {
  name: 'people',
  columns: [
    { name: 'id', type: 'string' },
    { name: 'name', type: 'string' },
    { name: 'age', type: 'integer' },
    { name: 'updated', type: 'timestamp' },
    { name: 'gone', type: 'boolean' },
  ],
  primaryKey: ['id'],
  cursorField: 'updated',
  modifiedField: 'updated',
  deletedField: 'gone',
};

export function ndjson(records: readonly object[], more: Omit<Page, 'format' | 'body'> = {}): Page {
  const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  return { format: 'ndjson', body: Buffer.from(text), ...more };
}

export function csv(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  more: Omit<Page, 'format' | 'body'> = {},
): Page {
  const line = (cells: readonly string[]) =>
    `${cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')}\n`;
  return { format: 'csv', body: Buffer.from([header, ...rows].map(line).join('')), ...more };
}

export async function* from(pages: readonly Page[]): AsyncGenerator<Page> {
  yield* pages;
}

let batches = 0;

export function optionsFor(folder: string, more: Partial<LandOptions> = {}): LandOptions {
  return {
    connection: 'crm',
    stream: people,
    settings: {},
    runId: 'run-1',
    boundaryMs: Date.UTC(2026, 5, 1),
    spoolFolder: join(folder, 'spool'),
    signal: new AbortController().signal,
    log: silentLog,
    mintBatchId: () => {
      batches += 1;
      return `batch-${batches}`;
    },
    ...more,
  };
}

export async function land(
  warehouse: Warehouse,
  folder: string,
  pages: readonly Page[],
  more: Partial<LandOptions> = {},
) {
  return landStream(warehouse, from(pages), optionsFor(folder, more));
}

/** The log and the view without what differs from run to run. */
export async function readTables(
  warehouse: Warehouse,
  stream: Stream = people,
): Promise<{ readonly log: readonly Row[]; readonly current: readonly Row[] }> {
  const raw = sql`${sql.id('raw_crm')}.${sql.id(stream.name)}`;
  const view = sql`${sql.id('crm')}.${sql.id(stream.name)}`;
  const names = stream.columns.map(({ name }) => sql.id(name));
  const columns = sql.join([...names, sql`_record_id, _modified_at, _deleted, _hash`]);
  const select = (table: ReturnType<typeof sql>) => sql`
    select ${columns} from ${table}
    order by _record_id, _modified_at nulls first, _hash`;
  return { log: await warehouse.query(select(raw)), current: await warehouse.query(select(view)) };
}

export type { Cursor };
