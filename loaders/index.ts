import { openDuckDb } from './duckdb/duckdb.ts';
import { duckdbSchema } from './duckdb/schema.ts';

/** Every warehouse by the word people write under `warehouse.type`. */
export const loaders = {
  duckdb: { schema: duckdbSchema, open: openDuckDb },
} as const;
