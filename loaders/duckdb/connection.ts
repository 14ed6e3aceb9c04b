import type {
  DuckDBConnection,
  DuckDBDataChunk,
  DuckDBPreparedStatement,
  DuckDBResult,
} from '@duckdb/node-api';
import { StatementType } from '@duckdb/node-api';
import { type RawBuilder, sql } from 'kysely';
import { messageOf, TerminalError } from '../../engine/words/errors.ts';
import type { Column, Relation } from '../../engine/words/table.ts';
import type { Row, Session } from '../../engine/words/warehouse.ts';
import { describePrepared, toColumn } from './describe.ts';
import { translateError } from './failure.ts';
import { type CompiledStatement, compileStatement } from './statement.ts';
import { convertValue } from './values.ts';

/** Statements that only read: everything else belongs to the writer. */
const readingTypes = new Set<StatementType>([
  StatementType.SELECT,
  StatementType.EXPLAIN,
  StatementType.RELATION,
  StatementType.CALL,
  StatementType.LOGICAL_PLAN,
]);

/** Prepares, binds and hands over one statement; errors come out translated, nothing leaks. */
async function withPrepared<T>(
  connection: DuckDBConnection,
  statement: CompiledStatement,
  work: (prepared: DuckDBPreparedStatement) => Promise<T>,
): Promise<T> {
  let prepared: DuckDBPreparedStatement | undefined;
  try {
    prepared = await connection.prepare(statement.text);
    statement.parameters.forEach((parameter, index) => {
      prepared?.bindValue(index + 1, parameter.value, parameter.type);
    });
    return await work(prepared);
  } catch (error) {
    throw translateError(error, statement);
  } finally {
    prepared?.destroySync();
  }
}

/** Turns chunks into rows by the result's own types: a chunk's types have lost their JSON alias. */
function rowReader(result: DuckDBResult): (chunk: DuckDBDataChunk) => Row[] {
  const names = result.deduplicatedColumnNames();
  const types = result.columnTypes();
  return (chunk) => {
    const rows: Row[] = [];
    for (let index = 0; index < chunk.rowCount; index += 1) {
      const row: Record<string, unknown> = {};
      chunk.visitRowValues(index, (value, _row, column) => {
        row[names[column] ?? ''] = convertValue(value, types[column]);
      });
      rows.push(row);
    }
    return rows;
  };
}

export async function readRows<R>(
  connection: DuckDBConnection,
  statement: CompiledStatement,
  rowsMax?: number,
): Promise<R[]> {
  return withPrepared(connection, statement, (prepared) => runForRows<R>(prepared, rowsMax));
}

async function runForRows<R>(prepared: DuckDBPreparedStatement, rowsMax?: number): Promise<R[]> {
  if (rowsMax !== undefined) return await runForSome<R>(prepared, rowsMax);
  const result = await prepared.run();
  const chunks = await result.fetchAllChunks();
  return chunks.flatMap(rowReader(result)) as R[];
}

/**
 * As they come, so that a result beyond the limit stands whole nowhere, not in the driver either.
 */
async function runForSome<R>(prepared: DuckDBPreparedStatement, rowsMax: number): Promise<R[]> {
  const result = await prepared.stream();
  const readChunk = rowReader(result);
  const rows: R[] = [];
  for await (const chunk of result) {
    rows.push(...(readChunk(chunk) as R[]));
    if (rows.length <= rowsMax) continue;
    throw new TerminalError(`more than ${rowsMax} rows (rowsMax)`, {
      code: 'too-many-rows',
      hint: 'ask for fewer: count or aggregate them in the query, or narrow it',
    });
  }
  return rows;
}

export async function changeRows(
  connection: DuckDBConnection,
  statement: CompiledStatement,
): Promise<number> {
  return withPrepared(connection, statement, async (prepared) => {
    const result = await prepared.run();
    return result.rowsChanged;
  });
}

/**
 * The rows of a statement that changes nothing, judged by the warehouse's own parser; undefined,
 * and nothing run, where it would change something.
 */
export async function readRowsOnly<R>(
  connection: DuckDBConnection,
  statement: CompiledStatement,
  rowsMax?: number,
): Promise<R[] | undefined> {
  return withPrepared(connection, statement, async (prepared) =>
    readingTypes.has(prepared.statementType) ? runForRows<R>(prepared, rowsMax) : undefined,
  );
}

/** Rows in the driver's own chunks (2,048 rows); stops reading when the consumer does. */
export async function* streamRows(
  connection: DuckDBConnection,
  statement: CompiledStatement,
): AsyncGenerator<readonly Row[]> {
  try {
    const values = statement.parameters.map((parameter) => parameter.value);
    const types = statement.parameters.map((parameter) => parameter.type);
    const result = await connection.stream(statement.text, values, types);
    const readChunk = rowReader(result);
    for await (const chunk of result) yield readChunk(chunk);
  } catch (error) {
    throw translateError(error, statement);
  }
}

export async function describeStatementColumns(
  connection: DuckDBConnection,
  statement: RawBuilder<unknown>,
): Promise<readonly Column[]> {
  const plain = await describePrepared(connection, compileStatement(statement));
  if (plain) return plain;
  const rows = await readRows<{ column_name: string; column_type: string }>(
    connection,
    compileStatement(sql`describe ${statement}`),
  );
  return rows.map((row) => toColumn(row.column_name, row.column_type));
}

/** As `describeRelation`, in one statement: outside a transaction an error spoils nothing. */
export async function describeOutside(
  connection: DuckDBConnection,
  relation: Relation,
): Promise<readonly Column[] | undefined> {
  const path = sql`${sql.id(relation.schema)}.${sql.id(relation.name)}`;
  try {
    return await describeStatementColumns(connection, sql`select * from ${path}`);
  } catch (error) {
    const isMissing = error instanceof TerminalError && error.code === 'relation-not-found';
    if (isMissing) return describeRelation(connection, relation);
    throw error;
  }
}

/** Asks the catalog first: inside a transaction an error would end it. */
export async function describeRelation(
  connection: DuckDBConnection,
  relation: Relation,
): Promise<readonly Column[] | undefined> {
  const found = await readRows<{ name: string }>(
    connection,
    compileStatement(sql`
      select table_name as name from duckdb_tables()
      where database_name = current_database()
        and lower(schema_name) = lower(${relation.schema})
        and lower(table_name) = lower(${relation.name})
      union all
      select view_name from duckdb_views()
      where database_name = current_database()
        and lower(schema_name) = lower(${relation.schema})
        and lower(view_name) = lower(${relation.name})`),
  );
  if (found.length === 0) return undefined;
  const path = sql`${sql.id(relation.schema)}.${sql.id(relation.name)}`;
  return describeStatementColumns(connection, sql`select * from ${path}`);
}

/** A session bound to one connection: used inside transactions and for the shadow. */
export function sessionOf(connection: DuckDBConnection): Session {
  return {
    query: (statement, rowsMax) => readRows(connection, compileStatement(statement), rowsMax),
    execute: (statement) => changeRows(connection, compileStatement(statement)),
    describe: (relation) => describeRelation(connection, relation),
    describeQuery: (statement) => describeStatementColumns(connection, statement),
  };
}

/** A statement of ours that answers nothing: not prepared, since nothing is bound. */
async function runOwn(connection: DuckDBConnection, text: string): Promise<void> {
  try {
    await connection.run(text);
  } catch (error) {
    throw translateError(error, { text, parameters: [] });
  }
}

/** Runs `work` between begin and commit; rolls back and rethrows when it rejects. */
export async function inTransaction<T>(
  connection: DuckDBConnection,
  work: () => Promise<T>,
): Promise<T> {
  await runOwn(connection, 'begin transaction');
  try {
    const answer = await work();
    await runOwn(connection, 'commit');
    return answer;
  } catch (error) {
    await rollBack(connection);
    throw error;
  }
}

const rollbacksMax = 3;

/** A failed commit has rolled back already, and a broken instance cannot: neither is the cause. */
async function rollBack(connection: DuckDBConnection): Promise<void> {
  for (let tries = 0; tries < rollbacksMax; tries += 1) {
    const failure = await connection.run('rollback').then(() => undefined, messageOf);
    // Only an interrupt may have come in between; without its end the writer would be lost.
    if (failure === undefined || !failure.startsWith('INTERRUPT')) return;
  }
}

export function refuseWrite(): never {
  throw new TerminalError('the warehouse is open for reading only', {
    code: 'warehouse-read-only',
    hint: 'Open it for writing: run the command that builds or extracts.',
  });
}
