import { type RawBuilder, sql } from 'kysely';
import type { Relation } from '../words/table.ts';
import type { Warehouse } from '../words/warehouse.ts';

/** A relation as an identifier: every part quoted by the dialect. */
export function named(relation: Relation): RawBuilder<unknown> {
  return sql`${sql.id(relation.schema)}.${sql.id(relation.name)}`;
}

const schema = 'tidemill';

export const cursorsTable: Relation = { schema, name: 'cursors' };
export const streamsTable: Relation = { schema, name: 'streams' };
export const batchesTable: Relation = { schema, name: 'batches' };
export const scansTable: Relation = { schema, name: 'scans' };
export const scanKeysTable: Relation = { schema, name: 'scan_keys' };

/** The log of every version seen of one stream. */
export function rawTable(connection: string, stream: string): Relation {
  return { schema: `raw_${connection}`, name: stream };
}

/** The newest live version of each record: what models read. */
export function currentView(connection: string, stream: string): Relation {
  return { schema: connection, name: stream };
}

type TypeOf = (type: 'string' | 'integer' | 'timestamp') => RawBuilder<unknown>;

function bodies(typeOf: TypeOf): readonly (readonly [Relation, RawBuilder<unknown>])[] {
  const string = typeOf('string');
  const integer = typeOf('integer');
  const timestamp = typeOf('timestamp');
  return [
    [
      cursorsTable,
      sql`connection ${string}, stream ${string}, cursor ${string}, batch_id ${string},
          updated_at ${timestamp}`,
    ],
    [
      streamsTable,
      sql`connection ${string}, stream ${string}, shape ${string}, data_version ${string},
          observed_at ${timestamp}`,
    ],
    [
      batchesTable,
      sql`batch_id ${string}, connection ${string}, stream ${string}, run_id ${string},
          observed_at ${timestamp}, pages ${integer}, records ${integer}, inserted ${integer},
          bytes ${integer}`,
    ],
    [
      scansTable,
      sql`connection ${string}, stream ${string}, scan_id ${string}, started_at ${timestamp}`,
    ],
    [
      scanKeysTable,
      sql`connection ${string}, stream ${string}, scan_id ${string}, record_id ${string}`,
    ],
  ];
}

const ready = new WeakSet<Warehouse>();

/** Creates the engine's landing tables where they are missing. */
export async function ensureLandingTables(warehouse: Warehouse): Promise<void> {
  if (ready.has(warehouse)) return;
  const typeOf: TypeOf = (type) => sql.raw(warehouse.dialect.typeName(type));
  const missing: RawBuilder<unknown>[] = [];
  for (const [relation, body] of bodies(typeOf)) {
    if ((await warehouse.describe(relation)) !== undefined) continue;
    missing.push(sql`create table if not exists ${named(relation)} (${body})`);
  }
  if (missing.length > 0) {
    await warehouse.ddl([sql`create schema if not exists ${sql.id(schema)}`, ...missing]);
  }
  ready.add(warehouse);
}
