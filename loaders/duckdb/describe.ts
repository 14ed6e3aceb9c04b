import {
  type DuckDBConnection,
  type DuckDBPreparedStatement,
  DuckDBTypeId,
} from '@duckdb/node-api';
import type { Column } from '../../engine/words/table.ts';
import { duckdbDialect } from './dialect.ts';
import { translateError } from './failure.ts';
import type { CompiledStatement } from './statement.ts';

/** Types that the driver spells as DuckDB does; nested ones it spells in its own way. */
const plainTypes: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.BOOLEAN,
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UHUGEINT,
  DuckDBTypeId.FLOAT,
  DuckDBTypeId.DOUBLE,
  DuckDBTypeId.DECIMAL,
  DuckDBTypeId.VARCHAR,
  DuckDBTypeId.BLOB,
  DuckDBTypeId.DATE,
  DuckDBTypeId.TIME,
  DuckDBTypeId.TIME_TZ,
  DuckDBTypeId.TIMESTAMP,
  DuckDBTypeId.TIMESTAMP_S,
  DuckDBTypeId.TIMESTAMP_MS,
  DuckDBTypeId.TIMESTAMP_NS,
  DuckDBTypeId.TIMESTAMP_TZ,
  DuckDBTypeId.INTERVAL,
  DuckDBTypeId.UUID,
]);

/** What `describe` takes and `prepare` takes as the same. */
const startsAsSelect = /^[\s(]*(select|with|from|values)\b/i;

export function toColumn(name: string, typeName: string): Column {
  return { name, type: duckdbDialect.columnType(typeName), typeName };
}

/**
 * The columns of a select as its preparation tells them: a third of what `describe` costs, whose
 * rows would have to be read. Undefined where only `describe` knows.
 */
export async function describePrepared(
  connection: DuckDBConnection,
  statement: CompiledStatement,
): Promise<readonly Column[] | undefined> {
  if (statement.parameters.length > 0 || !startsAsSelect.test(statement.text)) return undefined;
  const prepared = await connection.prepare(statement.text).catch((error: unknown) => {
    throw translateError(error, statement);
  });
  try {
    return prepared.parameterCount > 0 ? undefined : readColumns(prepared);
  } finally {
    prepared.destroySync();
  }
}

function readColumns(prepared: DuckDBPreparedStatement): readonly Column[] | undefined {
  const columns: Column[] = [];
  for (let index = 0; index < prepared.columnCount; index += 1) {
    if (!plainTypes.has(prepared.columnTypeId(index))) return undefined;
    const type = prepared.columnType(index);
    // JSON is a text by another name.
    if (type.alias !== undefined && type.alias !== 'JSON') return undefined;
    columns.push(toColumn(prepared.columnName(index), type.alias ?? String(type)));
  }
  return columns;
}
