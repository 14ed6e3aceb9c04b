// Lands a fixed series of pages in a process of its own, resuming at the saved cursor, and tells
// every page: another process can kill it at any of them.
import { landStream } from '../../engine/steps/land.ts';
import { readCursor } from '../../engine/steps/land-cursor.ts';
import { silentLog } from '../../engine/words/log.ts';
import type { Page } from '../../engine/words/stream.ts';
import { openDuckDb } from '../../loaders/duckdb/duckdb.ts';
import { ndjson, optionsFor } from './landing.ts';

const pagesMax = 30;
const recordsPerPage = 50;
/** Pages read again on resuming, as an extractor with a lookback does. */
const lookbackPages = 2;

function pageAt(index: number): Page {
  const records = Array.from({ length: recordsPerPage }, (_, offset) => {
    const row = index * recordsPerPage + offset;
    return {
      id: String(row % 700),
      name: `name ${row}`,
      age: row,
      updated: new Date(Date.UTC(2026, 0, 1) + row * 1_000).toISOString(),
      gone: row % 97 === 0,
    };
  });
  return ndjson(records, {
    records: recordsPerPage,
    checkpoint: { page: index },
    scan: { id: 'scan', ...(index === pagesMax - 1 ? { complete: true } : {}) },
  });
}

const [folder = '', path = ''] = process.argv.slice(2);
await using warehouse = await openDuckDb({ path, log: silentLog });
const cursor = await readCursor(warehouse, { connection: 'crm', stream: 'people' });
const done = cursor === undefined ? -1 : Number(cursor['page']);

async function* pages(): AsyncGenerator<Page> {
  const first = done + 1 < pagesMax ? Math.max(0, done + 1 - lookbackPages) : pagesMax;
  for (let index = first; index < pagesMax; index += 1) yield pageAt(index);
}
await landStream(
  warehouse,
  pages(),
  optionsFor(folder, {
    batchRecordsMax: 100,
    boundaryMs: Date.UTC(2026, 5, 1),
    onProgress: () => process.stdout.write('page\n'),
    mintBatchId: () => `${process.pid}-${performance.now()}`,
  }),
);
process.stdout.write('done\n');
