import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { nestTransactions } from '../nest-transactions.ts';
import { holdsToken } from './token-match.ts';

export interface Database {
  /** Compiled once and kept; not for iterations that overlap. */
  prepare(sql: string): StatementSync;
  /** Compiled for one use. */
  prepareOnce(sql: string): StatementSync;
  exec(sql: string): void;
  /** Runs the work whole or not at all. Nests. */
  transaction<T>(work: () => T): T;
  close(): void;
}

const statementsMax = 500;
const cacheKib = 256 * 1024;

export function openDatabase(file?: string): Database {
  // An empty path is SQLite's temporary database: in memory while it fits the cache, spilled to a
  // file that nobody sees beyond that. So a million wide records stay under the promised gigabyte.
  const db = new DatabaseSync(file ?? '');
  const journal = file === undefined ? 'memory' : 'wal';
  db.exec(`pragma journal_mode = ${journal}; pragma synchronous = off;
    pragma cache_size = -${cacheKib};`);
  db.function('holds_token', { deterministic: true }, (value, pattern) =>
    typeof value === 'string' && typeof pattern === 'string' && holdsToken(value, pattern) ? 1 : 0,
  );
  const statements = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    if (statements.size >= statementsMax) statements.clear();
    const statement = db.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  return {
    prepare,
    prepareOnce: (sql) => db.prepare(sql),
    exec: (sql) => db.exec(sql),
    transaction: nestTransactions((sql) => void prepare(sql).run()),
    close: () => db.close(),
  };
}
