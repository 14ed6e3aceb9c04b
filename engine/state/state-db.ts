import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { TerminalError } from '../words/errors.ts';

export type StateRow = Readonly<Record<string, unknown>>;

/** A text of a row; undefined where it has none. */
export function optionalText(value: unknown): string | undefined {
  return value === null || value === undefined ? undefined : String(value);
}

/**
 * What describes the outside world or a promise we made, and so must never roll back with the
 * warehouse. Every commit is on disk when the call returns (`synchronous=FULL`). Any process may
 * open it; who writes more than call counts holds the process lock (see lock.ts).
 */
export interface StateDb extends Disposable {
  readonly folder: string;
  /** Rows of one statement; `params` by position. */
  all(sql: string, ...params: readonly SQLInputValue[]): StateRow[];
  get(sql: string, ...params: readonly SQLInputValue[]): StateRow | undefined;
  /** Answers how many rows changed. */
  run(sql: string, ...params: readonly SQLInputValue[]): number;
  /** Committed and durable when it returns; rolled back when `work` throws. Not nested. */
  transaction<T>(work: () => T): T;
  /**
   * A transaction that does not wait for the disk: kept when the process is killed, while a power
   * cut may take the last of them, always the last. The next `transaction` puts them on the disk.
   */
  note<T>(work: () => T): T;
  /** A whole copy in a new file, also while others write. */
  copyTo(path: string): void;
}

/** How long a commit waits for another process's commit, in milliseconds. */
const busyTimeoutMs = 10_000;

/**
 * Each entry brings the file from the version of its index to the next; never edited, only added.
 */
const migrations: readonly string[] = [
  `
  create table meta (name text primary key, value integer not null) strict;
  insert into meta values ('epoch', 0), ('outcome', 0), ('change', 0);

  create table calls (
    account text not null,
    day text not null,
    used integer not null,
    primary key (account, day)
  ) strict, without rowid;

  create table runs (
    run_id text primary key,
    change integer not null unique,
    command text not null,
    pipeline text,
    status text not null,
    boundary_at text not null,
    started_at text not null,
    finished_at text,
    pid integer not null,
    host text not null,
    error_code text,
    error_message text,
    counts text not null
  ) strict;
  create index runs_started on runs (started_at);

  create table run_steps (
    run_id text not null references runs (run_id),
    step text not null,
    change integer not null unique,
    kind text not null,
    name text not null,
    status text not null,
    reason text,
    started_at text,
    finished_at text,
    error_code text,
    error_message text,
    counts text not null,
    primary key (run_id, step)
  ) strict;

  create table push (
    seq integer primary key autoincrement,
    run_id text not null,
    plan_id text not null,
    sync text not null,
    connection text not null,
    object text not null,
    key text not null,
    action text not null,
    phase integer not null,
    attempt integer not null,
    epoch integer not null,
    crm_id text,
    payload text not null,
    intended_at text not null,
    status text not null,
    outcome integer unique,
    outcome_at text,
    result_id text,
    created integer,
    code text,
    message text
  ) strict;
  create index push_key on push (sync, key);
  create index push_outcome on push (sync, outcome);
  create index push_run on push (run_id, seq);
  create index push_open on push (status, sync) where status in ('intent', 'in_doubt');
  `,
  `
  create table schedules (
    pipeline text primary key,
    schedule text not null,
    timezone text not null,
    decided_until text not null,
    skipped integer not null,
    last_skipped_at text,
    missed integer not null
  ) strict, without rowid;
  `,
  `
  create table invocations (
    run_id text primary key references runs (run_id),
    invocation text not null
  ) strict, without rowid;
  `,
];

/** Opens `state.db` in the folder, creating folder and file, and brings it to this version. */
export function openStateDb(folder: string): StateDb {
  mkdirSync(folder, { recursive: true });
  const db = new DatabaseSync(join(folder, 'state.db'), { timeout: busyTimeoutMs });
  db.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on');
  migrate(db, folder);
  const statements = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    let statement = statements.get(sql);
    if (!statement) {
      statement = db.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  };
  return {
    folder,
    all: (sql, ...params) => prepare(sql).all(...params),
    get: (sql, ...params) => prepare(sql).get(...params),
    run: (sql, ...params) => Number(prepare(sql).run(...params).changes),
    transaction: (work) => inTransaction(db, work),
    note(work) {
      // SQLite takes the setting between transactions only; inside one it is part of that one.
      if (db.isTransaction) return work();
      db.exec('pragma synchronous = normal');
      try {
        return inTransaction(db, work);
      } finally {
        db.exec('pragma synchronous = full');
      }
    },
    copyTo(path) {
      db.prepare('vacuum into ?').run(path);
      const file = openSync(path, 'r+');
      fsyncSync(file);
      closeSync(file);
    },
    [Symbol.dispose]: () => db.close(),
  };
}

function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  // Inside another one it is part of that one.
  if (db.isTransaction) return work();
  db.exec('begin immediate');
  try {
    const result = work();
    db.exec('commit');
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec('rollback');
    throw error;
  }
}

function migrate(db: DatabaseSync, folder: string): void {
  const version = (): number => Number(db.prepare('pragma user_version').get()?.['user_version']);
  if (version() === migrations.length) return;
  // Asked again inside: two processes may open a new folder at once.
  inTransaction(db, () => {
    const found = version();
    if (found > migrations.length) {
      throw new TerminalError(
        `${join(folder, 'state.db')} has version ${found}; this program knows ${migrations.length}`,
        {
          code: 'state-too-new',
          hint: 'Use the version of tidemill that wrote it, or a newer one.',
        },
      );
    }
    for (const migration of migrations.slice(found)) db.exec(migration);
    db.exec(`pragma user_version = ${migrations.length}`);
  });
}

/** The next value of a counter in `meta`; call it inside the transaction that uses it. */
export function nextNumber(db: StateDb, name: 'epoch' | 'outcome' | 'change'): number {
  const row = db.get('update meta set value = value + 1 where name = ? returning value', name);
  return Number(row?.['value']);
}
