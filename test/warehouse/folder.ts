import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../engine/words/log.ts';
import type { Warehouse } from '../../engine/words/warehouse.ts';
import { openDuckDb } from '../../loaders/duckdb/duckdb.ts';

/** A folder of its own, removed afterwards. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemill-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function withWarehouse<T>(
  work: (warehouse: Warehouse, folder: string) => Promise<T>,
): Promise<T> {
  return withFolder(async (folder) => {
    await using warehouse = await openDuckDb({
      path: join(folder, 'warehouse.duckdb'),
      log: silentLog,
      // Pages are read side by side, in any order.
      threads: 4,
    });
    return await work(warehouse, folder);
  });
}
