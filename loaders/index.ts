import type { Warehouse } from '../engine/words/warehouse.ts';
import type { OpenDuckDbOptions } from './duckdb/duckdb.ts';
import { duckdbSchema } from './duckdb/schema.ts';

/** The driver is loaded when a warehouse is opened: reading a project's files needs none. */
async function openDuckDb(options: OpenDuckDbOptions): Promise<Warehouse> {
  const { openDuckDb: open } = await import('./duckdb/duckdb.ts');
  return await open(options);
}

/** Every warehouse by the word people write under `warehouse.type`. */
export const loaders = {
  duckdb: { schema: duckdbSchema, open: openDuckDb },
} as const;
