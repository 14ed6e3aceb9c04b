import type { DuckDBConnection } from '@duckdb/node-api';
import { sql } from 'kysely';
import type { EmptyTable } from '../../engine/words/warehouse.ts';
import { translateError } from './failure.ts';
import { compileStatement } from './statement.ts';

/**
 * All in one exchange with the driver: a statement each would wait twice for a thread. Each is a
 * transaction of its own, and may be repeated.
 */
export async function makeTables(
  connection: DuckDBConnection,
  tables: readonly EmptyTable[],
): Promise<void> {
  const schemas = new Set(tables.map(({ relation }) => relation.schema));
  const statements = [
    ...[...schemas].map((schema) => sql`create schema if not exists ${sql.id(schema)}`),
    ...tables.map(createEmpty),
  ];
  const text = statements.map((statement) => compileStatement(statement).text).join(';\n');
  try {
    await connection.run(text);
  } catch (error) {
    throw translateError(error, { text, parameters: [] });
  }
}

function createEmpty({ relation, columns }: EmptyTable) {
  const list = columns.map(({ name, typeName }) => sql`${sql.id(name)} ${sql.raw(typeName)}`);
  return sql`create or replace table ${sql.id(relation.schema, relation.name)} (${sql.join(list)})`;
}
