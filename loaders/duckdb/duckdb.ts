import type { DuckDBConnection } from '@duckdb/node-api';
import { type RawBuilder, sql } from 'kysely';
import { messageOf, TerminalError, TransientError } from '../../engine/words/errors.ts';
import type { Log } from '../../engine/words/log.ts';
import type { Misfit, Row, Session, Shadow, Warehouse } from '../../engine/words/warehouse.ts';
import {
  changeRows,
  describeOutside,
  describeStatementColumns,
  inTransaction,
  readRows,
  readRowsOnly,
  refuseWrite,
  sessionOf,
  streamRows,
} from './connection.ts';
import { duckdbDialect } from './dialect.ts';
import { makeTables } from './empty-tables.ts';
import { isFatal } from './failure.ts';
import { findTables } from './find-tables.ts';
import { createGate } from './gate.ts';
import {
  type AttachedInstance,
  type DuckDbOptions,
  guardFreeSpace,
  openInstance,
  openShadowInstance,
} from './instance.ts';
import { chooseUsualKeys, misfitQuery, pagesTable, usualKeysQuery } from './pages.ts';
import { createPool } from './pool.ts';
import { isRowByRow, onlyTableOf } from './row-by-row.ts';
import { compileStatement } from './statement.ts';

const readersMax = 4;
const conflictRetriesMax = 3;
const freeBytesMinDefault = 64 * 1_048_576;

export interface OpenDuckDbOptions extends DuckDbOptions {
  readonly log: Log;
}

/**
 * Opens a DuckDB file as a warehouse, creating it where it does not exist. Throws TerminalError
 * `warehouse-locked` when another process has it open, naming that process.
 */
export async function openDuckDb(options: OpenDuckDbOptions): Promise<Warehouse> {
  const instance = await openInstance(options);
  try {
    return await createWarehouse(instance, options, await instance.connect());
  } catch (error) {
    instance.close();
    throw error;
  }
}

const checkpointStatement = { text: 'checkpoint', parameters: [] };

async function createWarehouse(
  attached: AttachedInstance,
  options: OpenDuckDbOptions,
  writer: DuckDBConnection,
): Promise<Warehouse> {
  const { log } = options;
  const gate = createGate();
  const readers = createPool(attached.connect, readersMax);
  const session = sessionOf(writer);
  let broken: unknown;
  let isClosed = false;
  let isCheckpointDue = false;
  /** Whether the log may hold anything; what a killed process left is in it from the start. */
  let hasLog = true;

  /** Once the instance is invalidated every later answer would be wrong or the same error. */
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isClosed) throw new TerminalError('the warehouse is closed', { code: 'warehouse-closed' });
    if (broken !== undefined) throw broken;
    try {
      return await work();
    } catch (error) {
      if (isFatal(error)) broken = error;
      throw error;
    }
  };
  const write = async <T>(work: () => Promise<T>, isShape = false): Promise<T> => {
    if (options.readOnly) refuseWrite();
    return gate.run(() =>
      guarded(async () => {
        await guardFreeSpace(attached.path, options.freeBytesMin ?? freeBytesMinDefault);
        // Rows are not written behind a change of shape in one log; shapes may follow each other.
        if (isCheckpointDue && !isShape) await checkpoint();
        hasLog = true;
        return retryConflicts(work, log);
      }),
    );
  };
  /** An open read may hold it up; what is committed is durable in the log all the same. */
  const checkpoint = async (): Promise<void> => {
    try {
      await changeRows(writer, checkpointStatement);
      isCheckpointDue = false;
      hasLog = false;
    } catch (error) {
      if (!/Cannot CHECKPOINT/.test(messageOf(error))) throw error;
      isCheckpointDue = true;
      log.debug('warehouse.checkpoint_postponed', {});
    }
  };

  /** Nothing, where it cannot be planned: who runs it will be told. */
  const planOf = async (select: RawBuilder<unknown>): Promise<string> => {
    const statement = compileStatement(sql`explain (format json) ${select}`);
    const asked = readers.use((reader) => readRows<{ explain_value: string }>(reader, statement));
    const rows = await asked.catch(() => []);
    return rows[0]?.explain_value ?? '[]';
  };

  return {
    dialect: duckdbDialect,
    catalog: attached.alias,
    async query<R = Row>(statement: RawBuilder<unknown>, rowsMax?: number): Promise<R[]> {
      const compiled = compileStatement(statement);
      const answer = await guarded(() =>
        readers.use((reader) => readRowsOnly<R>(reader, compiled, rowsMax)),
      );
      return answer ?? write(() => readRows<R>(writer, compiled, rowsMax));
    },
    execute: (statement) => write(() => changeRows(writer, compileStatement(statement))),
    describe: (relation) =>
      guarded(() => readers.use((reader) => describeOutside(reader, relation))),
    describeQuery: (statement) =>
      guarded(() => readers.use((reader) => describeStatementColumns(reader, statement))),
    async makesRowByRow(select, input) {
      const [whole, own] = await Promise.all([planOf(select), planOf(input)]);
      const table = onlyTableOf(own);
      return table !== undefined && isRowByRow(whole, table);
    },
    transaction: <T>(work: (session: Session) => Promise<T>) =>
      write(() => inTransaction(writer, () => work(session))),
    async ddl(statements) {
      const change = async (): Promise<void> => {
        for (const statement of statements) await session.execute(statement);
        isCheckpointDue = true;
      };
      await write(() => inTransaction(writer, change), true);
    },
    async *stream(statement) {
      const reader = await guarded(() => readers.openAside());
      try {
        yield* streamRows(reader, compileStatement(statement));
      } finally {
        readers.closeAside(reader);
      }
    },
    async pages(session, files, stream) {
      const query = usualKeysQuery(files, stream);
      const [row] = query ? await session.query<{ keys: readonly string[] | null }>(query) : [];
      return pagesTable(files, stream, chooseUsualKeys(stream, row?.keys));
    },
    findMisfit: (files, stream) =>
      guarded(() =>
        readers.use(async (reader) => {
          const statement = compileStatement(misfitQuery(files, stream));
          const [misfit] = await readRows<Misfit>(reader, statement);
          return misfit;
        }),
      ),
    openShadow: (use) => openShadow(attached.alias, options, use),
    checkpoint: () => write(checkpoint, true),
    interrupt() {
      if (isClosed) return;
      for (const connection of [writer, ...readers.busy]) connection.interrupt();
    },
    async [Symbol.asyncDispose]() {
      if (isClosed) return;
      await gate.run(async () => {
        if (broken === undefined && !options.readOnly && hasLog) await checkpoint();
      });
      isClosed = true;
      readers.close();
      writer.closeSync();
      attached.close();
    },
  };
}

/** A conflict rolled the whole write back, so the whole write is done again. */
async function retryConflicts<T>(work: () => Promise<T>, log: Log): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const isConflict = error instanceof TransientError && error.code === 'write-conflict';
      if (!isConflict || attempt > conflictRetriesMax) throw error;
      log.warn('warehouse.conflict', { attempt, attemptsMax: conflictRetriesMax });
    }
  }
}

async function openShadow(
  alias: string,
  options: DuckDbOptions,
  use: 'bind' | 'run' = 'run',
): Promise<Shadow> {
  const attached = await openShadowInstance(alias, options);
  const connection = await attached.connect();
  if (use === 'bind') await connection.run('pragma disable_optimizer');
  const session = sessionOf(connection);
  return {
    ...session,
    async ddl(statements) {
      const [only, ...others] = statements;
      // One statement is a transaction of its own.
      if (only && others.length === 0) await session.execute(only);
      else
        await inTransaction(connection, async () => {
          for (const statement of statements) await session.execute(statement);
        });
    },
    makeTables: (tables) => makeTables(connection, tables),
    tablesIn: async (statement, mayBe) =>
      findTables(connection, compileStatement(statement), mayBe),
    async [Symbol.asyncDispose]() {
      connection.closeSync();
      attached.close();
    },
  };
}
