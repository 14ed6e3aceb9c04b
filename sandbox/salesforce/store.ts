import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { SandboxClock } from '../clock.ts';
import { nestTransactions } from '../nest-transactions.ts';
import { mintId, toBase62 } from './id.ts';
import type { Field, SandboxObject } from './schema.ts';
import { printStamp, type Stored } from './value.ts';

export type Values = Record<string, Stored>;

/** Deleted rows stay this long in the recycle bin. */
export const recycleBinMs = 15 * 24 * 3600 * 1000;
/** SQLite keeps this much of the data in memory and the rest in its temporary file. */
const cacheKib = 256 * 1024;

/** The rows of the org: one SQLite table an object, one column a stored field. */
export interface Store {
  readonly db: DatabaseSync;
  /** Creates or widens the tables of these objects. */
  fit(objects: Iterable<SandboxObject>): void;
  prepare(sql: string): StatementSync;
  /** What to put behind FROM: the table, with expressions for its formula fields. */
  source(object: SandboxObject): string;
  /** Mints the id when `Id` is missing. Returns it. */
  insert(object: SandboxObject, values: Values): string;
  update(object: SandboxObject, id: string, values: Values): void;
  /** A row with its formula fields, deleted ones included. */
  find(object: SandboxObject, id: string): Values | undefined;
  /** Ids of rows whose field has the value, deleted ones left out. */
  lookup(object: SandboxObject, field: Field, value: Stored, most: number): string[];
  /** Removes rows for good. */
  erase(object: SandboxObject, id: string): void;
  /** Empties what has been in the recycle bin too long. */
  purge(object: SandboxObject): void;
  /** Rows erased so far: a reader of row numbers then knows that some may be gone. */
  erased(object: SandboxObject): number;
  /** Runs work so that a throw undoes it; may be nested. */
  atomic<T>(work: () => T): T;
  ensureIndex(object: SandboxObject, field: Field): void;
  /** The next number of an auto-number field. */
  nextNumber(object: SandboxObject): number;
  /** The sandbox clock as a stamp. */
  stamp(): string;
  close(): void;
}

/** Finds a formula that does not compute when it is defined, not when it is first read. */
function checkFormulas(db: DatabaseSync, object: SandboxObject): void {
  for (const { name, formula } of object.fields.values()) {
    if (formula === undefined) continue;
    try {
      db.prepare(`select (${formula}) from ${quote(object.name)}`);
    } catch (error) {
      object.fields.delete(name.toLowerCase());
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(
        `${object.name}.${name}: the formula does not compute: ${reason}; use SQLite over stored fields of the object`,
      );
    }
  }
}

export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Text is compared without regard to case, of ASCII letters only: SQLite knows no others. */
const columnTypes: Partial<Record<Field['type'], string>> = {
  boolean: 'integer not null default 0',
  int: 'integer',
  double: 'real',
  currency: 'real',
  percent: 'real',
  id: 'text not null unique',
  reference: 'text',
  date: 'text',
  datetime: 'text',
};

const textType = (field: Field): string =>
  field.caseSensitive === true ? 'text' : 'text collate nocase';

export function storedFields(object: SandboxObject): Field[] {
  return [...object.fields.values()].filter((field) => !field.isVirtual);
}

export function createStore(options: { clock: SandboxClock; seed: number; file?: string }): Store {
  const { clock } = options;
  // An empty name is a temporary file of SQLite's own: in memory until the cache is full.
  const db = new DatabaseSync(options.file ?? '');
  db.exec(`pragma cache_size = -${cacheKib}; pragma journal_mode = memory;
           pragma synchronous = off; pragma temp_store = file; pragma mmap_size = 0;`);
  db.function('today', () => printStamp(clock.now()).slice(0, 10));
  db.function('now_stamp', () => printStamp(clock.now()));
  const org = toBase62(Math.abs(options.seed) % 3844, 2);
  const statements = new Map<string, StatementSync>();
  const inserts = new Map<string, { statement: StatementSync; fields: Field[] }>();
  const erasedCounts = new Map<string, number>();
  const minted = new Map<string, number>();
  /** Objects with ids of our own making that we did not mint in this life: minting may collide. */
  const occupied = new Set<string>();

  function prepare(sql: string): StatementSync {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = db.prepare(sql);
      // Texts with literals in them would fill the memory; holes keep them few.
      if (statements.size < 2000) statements.set(sql, statement);
    }
    return statement;
  }

  function fit(objects: Iterable<SandboxObject>): void {
    for (const object of objects) {
      const table = quote(object.name);
      const columns = storedFields(object).map(
        (field) => `${quote(field.name)} ${columnTypes[field.type] ?? textType(field)}`,
      );
      const known = new Set(
        db
          .prepare(`select name from pragma_table_info(?)`)
          .all(object.name)
          .map((row) => row['name']),
      );
      if (known.size === 0) {
        db.exec(
          `create table ${table} (_n integer primary key, ${columns.join(', ')}, _deleted_at text, _deleted_with text)`,
        );
        db.exec(`create index ${quote(`${object.name}.modified`)} on ${table} ("SystemModstamp", "Id");
          create index ${quote(`${object.name}.deleted`)} on ${table} (_deleted_at) where _deleted_at is not null`);
      }
      for (const [at, field] of storedFields(object).entries()) {
        if (known.size > 0 && !known.has(field.name)) {
          db.exec(`alter table ${table} add column ${columns[at]}`);
        }
        if (field.externalId || field.unique || field.type === 'email') ensureIndex(object, field);
      }
      checkFormulas(db, object);
      if (known.size > 0 && !minted.has(object.name)) occupied.add(object.name);
      inserts.delete(object.name);
      statements.clear();
    }
  }

  function ensureIndex(object: SandboxObject, field: Field): void {
    const column = quote(field.name);
    db.exec(
      `create index if not exists ${quote(`${object.name}.${field.name}`)} on ${quote(object.name)} (${column}) where ${column} is not null`,
    );
  }

  function insertInto(object: SandboxObject): { statement: StatementSync; fields: Field[] } {
    let entry = inserts.get(object.name);
    if (entry === undefined) {
      const fields = storedFields(object);
      const names = fields.map((field) => quote(field.name)).join(', ');
      const holes = fields.map(() => '?').join(', ');
      const sql = `insert into ${quote(object.name)} (${names}, _deleted_at) values (${holes}, ?)`;
      entry = { statement: db.prepare(sql), fields };
      inserts.set(object.name, entry);
    }
    return entry;
  }

  function exists(object: SandboxObject, id: string): boolean {
    const sql = `select 1 from ${quote(object.name)} where "Id" = ?`;
    return prepare(sql).get(id) !== undefined;
  }

  function mint(object: SandboxObject): string {
    let n = minted.get(object.name) ?? 0;
    let id: string;
    do {
      n += 1;
      id = mintId(object.keyPrefix, org, n);
    } while (occupied.has(object.name) && exists(object, id));
    minted.set(object.name, n);
    return id;
  }

  function countErased(object: SandboxObject, changes: number | bigint): void {
    erasedCounts.set(object.name, (erasedCounts.get(object.name) ?? 0) + Number(changes));
  }

  return {
    db,
    fit,
    prepare,
    ensureIndex,
    source(object) {
      const virtual = [...object.fields.values()].flatMap((field) => {
        const expression = field.formula ?? field.derived;
        return expression === undefined ? [] : [`(${expression}) as ${quote(field.name)}`];
      });
      const table = quote(object.name);
      return virtual.length === 0 ? table : `(select *, ${virtual.join(', ')} from ${table})`;
    },
    insert(object, values) {
      const given = values['Id'] as string | undefined;
      if (given?.startsWith(object.keyPrefix + org)) occupied.add(object.name);
      const id = given ?? mint(object);
      const { statement, fields } = insertInto(object);
      const row = fields.map(
        (field) => values[field.name] ?? (field.type === 'boolean' ? 0 : null),
      );
      const at = fields.findIndex((field) => field.name === 'Id');
      row[at] = id;
      row.push(values['IsDeleted'] === 1 ? (values['SystemModstamp'] ?? null) : null);
      statement.run(...row);
      return id;
    },
    update(object, id, values) {
      const names = Object.keys(values);
      if (names.length === 0) return;
      const set = names.map((name) => `${quote(name)} = ?`).join(', ');
      prepare(`update ${quote(object.name)} set ${set} where "Id" = ?`).run(
        ...Object.values(values),
        id,
      );
    },
    find(object, id) {
      const sql = `select * from ${this.source(object)} where "Id" = ?`;
      return prepare(sql).get(id) as Values | undefined;
    },
    lookup(object, field, value, most) {
      const column = quote(field.name);
      const sql = `select "Id" from ${quote(object.name)} where ${column} = ? and "IsDeleted" = 0 limit ?`;
      return prepare(sql)
        .all(value, most)
        .map((row) => row['Id'] as string);
    },
    erase(object, id) {
      const result = prepare(`delete from ${quote(object.name)} where "Id" = ?`).run(id);
      countErased(object, result.changes);
    },
    purge(object) {
      const before = printStamp(clock.now() - recycleBinMs);
      const sql = `delete from ${quote(object.name)} where _deleted_at < ?`;
      countErased(object, prepare(sql).run(before).changes);
    },
    erased: (object) => erasedCounts.get(object.name) ?? 0,
    atomic: nestTransactions((sql) => db.exec(sql)),
    nextNumber(object) {
      const key = `${object.name}#`;
      const n = (minted.get(key) ?? 0) + 1;
      minted.set(key, n);
      return n;
    },
    stamp: () => printStamp(clock.now()),
    close() {
      db.close();
    },
  };
}
