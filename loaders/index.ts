import type { WarehouseFiles } from '../engine/words/recovery.ts';
import type { Warehouse } from '../engine/words/warehouse.ts';
import type { OpenDuckDbOptions } from './duckdb/duckdb.ts';
import { duckdbSchema } from './duckdb/schema.ts';

/** The driver is loaded when a warehouse is opened: reading a project's files needs none. */
async function openDuckDb(options: OpenDuckDbOptions): Promise<Warehouse> {
  const { openDuckDb: open } = await import('./duckdb/duckdb.ts');
  return await open(options);
}

/** What is done to a warehouse's files while nobody has them open. */
const duckdbFiles: WarehouseFiles = {
  planRecovery: async (path) => (await import('./duckdb/recovery.ts')).planRecovery(path),
  applyRecovery: async (...args) => (await import('./duckdb/recovery.ts')).applyRecovery(...args),
  copy: async (path, to) => (await import('./duckdb/recovery.ts')).copyDurably(path, to),
};

/** Every warehouse by the word people write under `warehouse.type`. */
export const loaders = {
  duckdb: { schema: duckdbSchema, open: openDuckDb, files: duckdbFiles },
} as const;
