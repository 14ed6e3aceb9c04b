import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { SandboxClock } from '../clock.ts';
import type { ObjectDefinition } from './catalog.ts';
import { holdsToken } from './token-match.ts';

export type Values = Record<string, string | null>;

/** One record as stored. `values` holds the properties asked for, system properties included. */
export interface StoredRecord {
  id: number;
  createdMs: number;
  modifiedMs: number;
  archivedMs: number | null;
  values: Values;
}

export interface NewRecord {
  id: number;
  createdMs: number;
  modifiedMs: number;
  archivedMs?: number | null;
  values: Values;
}

export type SqlValue = string | number | null;

/**
 * The account's data in SQLite: one table an object, one column a property, so that a million
 * records stay compact and every read is a statement. System properties (id, stamps) are columns
 * of their own, kept as integers.
 */
export interface Store {
  prepare(sql: string): StatementSync;
  exec(sql: string): void;
  /** Runs the work whole or not at all. Nests. */
  transaction<T>(work: () => T): T;
  createTable(object: ObjectDefinition): void;
  addColumn(object: ObjectDefinition, property: string): void;
  /** `isSeed`: part of the account from the start, so search knows it at once. */
  insert(object: ObjectDefinition, record: NewRecord, isSeed?: boolean): void;
  read(
    object: ObjectDefinition,
    id: number,
    properties: readonly string[],
  ): StoredRecord | undefined;
  select(
    object: ObjectDefinition,
    properties: readonly string[],
    tail: string,
    values: readonly SqlValue[],
    source?: string,
  ): StoredRecord[];
  each(object: ObjectDefinition): Iterable<StoredRecord>;
  update(object: ObjectDefinition, id: number, changes: Values, modifiedMs: number): void;
  setArchived(
    object: ObjectDefinition,
    id: number,
    archivedMs: number | null,
    modifiedMs?: number,
  ): void;
  remove(object: ObjectDefinition, id: number): void;
  renumber(object: ObjectDefinition, id: number, newId: number): void;
  count(object: ObjectDefinition): number;
  /** Grows with every write to the object: what a cached count was counted at. */
  version(object: ObjectDefinition): number;
  /** What search reads: the table, or, while writes are not indexed yet, the table as it was. */
  indexedSource(object: ObjectDefinition, columns: readonly string[]): string;
  close(): void;
}

export function tableOf(object: ObjectDefinition): string {
  return `"o_${object.name}"`;
}

function shadowOf(object: ObjectDefinition): string {
  return `"s_${object.name}"`;
}

/** The column or expression behind a property, as an ISO text for stamps. */
export function columnOf(object: ObjectDefinition, property: string): string {
  if (property === 'hs_object_id') return 'id';
  if (property === object.createdProperty) return 'created_ms';
  if (property === object.modifiedProperty) return 'modified_ms';
  return `"p_${property}"`;
}

function isSystem(object: ObjectDefinition, property: string): boolean {
  return !columnOf(object, property).startsWith('"p_');
}

/** Made once an object and shape: inserts and writes ask for it a million times. */
interface StoredShape {
  size: number;
  names: readonly string[];
  columns: string;
  insert: string;
}
const shapes = new WeakMap<ObjectDefinition['properties'], StoredShape>();

function shapeOf(object: ObjectDefinition): StoredShape {
  const known = shapes.get(object.properties);
  if (known !== undefined && known.size === object.properties.size) return known;
  const names = [...object.properties.keys()].filter((name) => !isSystem(object, name));
  const columns = `${baseColumns}${names.map((name) => `, "p_${name}"`).join('')}`;
  const holes = ', ?'.repeat(names.length);
  const insert = `insert into ${tableOf(object)} (${columns}) values (?, ?, ?, ?${holes})`;
  const shape = { size: object.properties.size, names, columns, insert };
  shapes.set(object.properties, shape);
  return shape;
}

const baseColumns = 'id, created_ms, modified_ms, archived_ms';
const statementsMax = 500;
const cacheKib = 256 * 1024;

export function createStore(clock: SandboxClock, searchLagMs: number, file?: string): Store {
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
  const versions = new Map<string, number>();
  const shadowed = new Set<string>();
  let shadowSequence = 0;
  let depth = 0;

  const prepare = (sql: string): StatementSync => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    if (statements.size >= statementsMax) statements.clear();
    const statement = db.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  const touch = (object: ObjectDefinition): void => {
    versions.set(object.name, (versions.get(object.name) ?? 0) + 1);
  };
  /** Keeps the record as search still sees it, until the index has caught up. */
  const keepIndexed = (object: ObjectDefinition, id: number, isNew = false): void => {
    touch(object);
    if (searchLagMs === 0) return;
    shadowSequence += 1;
    const untilMs = clock.now() + searchLagMs;
    const shadow = shadowOf(object);
    shadowed.add(object.name);
    const { columns } = shapeOf(object);
    if (isNew) {
      prepare(
        `insert into ${shadow} (seq, until_ms, present, id, created_ms, modified_ms) values (?, ?, 0, ?, 0, 0)`,
      ).run(shadowSequence, untilMs, id);
      return;
    }
    prepare(
      `insert into ${shadow} (seq, until_ms, present, ${columns}) select ?, ?, 1, ${columns} from ${tableOf(object)} where id = ?`,
    ).run(shadowSequence, untilMs, id);
  };

  const store: Store = {
    prepare,
    exec: (sql) => db.exec(sql),
    transaction(work) {
      const name = `t${depth}`;
      db.exec(`savepoint ${name}`);
      depth += 1;
      try {
        const result = work();
        db.exec(`release ${name}`);
        return result;
      } catch (error) {
        db.exec(`rollback to ${name}; release ${name}`);
        throw error;
      } finally {
        depth -= 1;
      }
    },
    createTable(object) {
      const columns = shapeOf(object).names.map((name) => `, "p_${name}" text`);
      const body = `id integer primary key, created_ms integer not null, modified_ms integer not null, archived_ms integer${columns.join('')}`;
      const table = tableOf(object);
      db.exec(`create table if not exists ${table} (${body})`);
      db.exec(
        `create table if not exists ${shadowOf(object)} (seq integer primary key, until_ms integer not null, present integer not null, ${body.replace('id integer primary key', 'id integer not null')})`,
      );
      db.exec(
        `create index if not exists "m_${object.name}" on ${table} (modified_ms) where archived_ms is null`,
      );
      db.exec(
        `create index if not exists "a_${object.name}" on ${table} (id) where archived_ms is not null`,
      );
      for (const property of object.properties.values()) {
        if (property.hasUniqueValue) db.exec(uniqueIndex(object, property.name));
      }
    },
    addColumn(object, property) {
      for (const table of [tableOf(object), shadowOf(object)]) {
        const known = db.prepare(`select 1 from pragma_table_info(?) where name = ?`);
        const bare = table.slice(1, -1);
        if (known.get(bare, `p_${property}`) === undefined) {
          db.exec(`alter table ${table} add column "p_${property}" text`);
        }
      }
      if (object.properties.get(property)?.hasUniqueValue === true) {
        db.exec(uniqueIndex(object, property));
      }
      touch(object);
    },
    insert(object, record, isSeed = false) {
      if (isSeed) touch(object);
      else keepIndexed(object, record.id, true);
      const { names, insert } = shapeOf(object);
      const { id, createdMs, modifiedMs, archivedMs } = record;
      const values = names.map((name) => record.values[name] ?? null);
      prepare(insert).run(id, createdMs, modifiedMs, archivedMs ?? null, ...values);
    },
    read(object, id, properties) {
      return store.select(object, properties, 'where id = ?', [id])[0];
    },
    select(object, properties, tail, values, source) {
      const { names, columns } = selectedColumns(object, properties);
      const from = source ?? tableOf(object);
      const statement = prepare(`select ${baseColumns}${columns} from ${from} ${tail}`);
      statement.setReturnArrays(true);
      const rows = statement.all(...values) as unknown as SqlValue[][];
      return rows.map((row) => toRecord(object, names, row));
    },
    *each(object) {
      const properties = [...object.properties.keys()];
      const { names, columns } = selectedColumns(object, properties);
      // Not from the cache: an iteration may overlap with another of the same statement.
      const statement = db.prepare(`select ${baseColumns}${columns} from ${tableOf(object)}`);
      statement.setReturnArrays(true);
      for (const row of statement.iterate()) {
        yield toRecord(object, names, row as unknown as SqlValue[]);
      }
    },
    update(object, id, changes, modifiedMs) {
      keepIndexed(object, id);
      const names = Object.keys(changes);
      const sets = names.map((name) => `, "p_${name}" = ?`).join('');
      const values = names.map((name) => changes[name] ?? null);
      prepare(`update ${tableOf(object)} set modified_ms = ?${sets} where id = ?`).run(
        modifiedMs,
        ...values,
        id,
      );
    },
    setArchived(object, id, archivedMs, modifiedMs) {
      keepIndexed(object, id);
      prepare(
        `update ${tableOf(object)} set archived_ms = ?, modified_ms = coalesce(?, modified_ms) where id = ?`,
      ).run(archivedMs, modifiedMs ?? null, id);
    },
    remove(object, id) {
      keepIndexed(object, id);
      prepare(`delete from ${tableOf(object)} where id = ?`).run(id);
    },
    renumber(object, id, newId) {
      keepIndexed(object, id);
      keepIndexed(object, newId, true);
      prepare(`update ${tableOf(object)} set id = ? where id = ?`).run(newId, id);
    },
    count(object) {
      const statement = prepare(
        `select count(*) as n from ${tableOf(object)} where archived_ms is null`,
      );
      statement.setReturnArrays(false);
      return (statement.get() as { n: number }).n;
    },
    version: (object) => versions.get(object.name) ?? 0,
    indexedSource(object, columns) {
      if (!shadowed.has(object.name)) return tableOf(object);
      const shadow = shadowOf(object);
      const nowMs = clock.now();
      const purged = prepare(`delete from ${shadow} where until_ms <= ?`).run(nowMs);
      if (purged.changes > 0) touch(object);
      const left = prepare(`select 1 from ${shadow} limit 1`).get();
      if (left === undefined) {
        shadowed.delete(object.name);
        return tableOf(object);
      }
      // The oldest version still waiting for the index is the one search shows.
      const list = [baseColumns, ...columns].join(', ');
      return `(select ${list} from ${tableOf(object)} where id not in (select id from ${shadow})
        union all select ${list} from ${shadow} where present = 1
        and seq in (select min(seq) from ${shadow} group by id))`;
    },
    close: () => db.close(),
  };
  return store;
}

function uniqueIndex(object: ObjectDefinition, property: string): string {
  return `create unique index if not exists "u_${object.name}_${property}" on ${tableOf(object)} ("p_${property}") where archived_ms is null and "p_${property}" is not null`;
}

function selectedColumns(object: ObjectDefinition, properties: readonly string[]) {
  const names = properties.filter((name) => !isSystem(object, name));
  return { names, columns: names.map((name) => `, "p_${name}"`).join('') };
}

/** System properties come with every record, whatever was asked for, as on the real API. */
function toRecord(
  object: ObjectDefinition,
  names: readonly string[],
  row: readonly SqlValue[],
): StoredRecord {
  const [id, createdMs, modifiedMs, archivedMs] = row as [number, number, number, number | null];
  const values: Values = {
    [object.createdProperty]: new Date(createdMs).toISOString(),
    hs_object_id: String(id),
    [object.modifiedProperty]: new Date(modifiedMs).toISOString(),
  };
  for (const [index, name] of names.entries()) {
    values[name] = (row[index + 4] ?? null) as string | null;
  }
  return { id, createdMs, modifiedMs, archivedMs, values };
}
