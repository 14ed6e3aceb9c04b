import type { SandboxClock } from '../clock.ts';
import type { ObjectDefinition } from './catalog.ts';
import { type Database, openDatabase } from './database.ts';
import { createIndexLag, type IndexLag } from './index-lag.ts';
import * as shape from './table-shape.ts';

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
export interface Store extends Database {
  createTable(object: ObjectDefinition): void;
  addColumn(object: ObjectDefinition, property: string): void;
  /** `isSeed`: part of the account from the start, so search knows it at once. */
  insert(object: ObjectDefinition, record: NewRecord, isSeed?: boolean): void;
  read(
    object: ObjectDefinition,
    id: number,
    properties: readonly string[],
  ): StoredRecord | undefined;
  /** `tail` is what follows `from`: where, order, limit, with holes for the values. */
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
  /** What search sees, and since when it sees it. */
  index: Pick<IndexLag, 'source' | 'version'>;
}

export function createStore(clock: SandboxClock, searchLagMs: number, file?: string): Store {
  const db = openDatabase(file);
  const lag = createIndexLag(db, clock, searchLagMs);
  return {
    ...db,
    ...createReads(db),
    ...createWrites(db, lag),
    index: lag,
    createTable: (object) => shape.createTables(db, object),
    addColumn(object, property) {
      shape.addColumn(db, object, property);
      lag.touch(object);
    },
  };
}

function createReads(db: Database): Pick<Store, 'read' | 'select' | 'each' | 'count'> {
  const select: Store['select'] = (object, properties, tail, values, source) => {
    const { names, columns } = shape.selectColumns(object, properties);
    const from = source ?? shape.tableOf(object);
    const statement = db.prepare(`select ${shape.baseColumns}${columns} from ${from} ${tail}`);
    statement.setReturnArrays(true);
    const rows = statement.all(...values) as unknown as SqlValue[][];
    return rows.map((row) => toRecord(object, names, row));
  };
  return {
    select,
    read: (object, id, properties) => select(object, properties, 'where id = ?', [id])[0],
    *each(object) {
      const { names, columns } = shape.shapeOf(object);
      const statement = db.prepareOnce(`select ${columns} from ${shape.tableOf(object)}`);
      statement.setReturnArrays(true);
      for (const row of statement.iterate()) {
        yield toRecord(object, names, row as unknown as SqlValue[]);
      }
    },
    count(object) {
      const table = shape.tableOf(object);
      const sql = `select count(*) as n from ${table} where archived_ms is null`;
      return (db.prepare(sql).get() as { n: number }).n;
    },
  };
}

type Writes = Pick<Store, 'insert' | 'update' | 'setArchived' | 'remove' | 'renumber'>;

function createWrites(db: Database, lag: IndexLag): Writes {
  return {
    insert(object, record, isSeed = false) {
      if (isSeed) lag.touch(object);
      else lag.keep(object, record.id, true);
      const { names, insert } = shape.shapeOf(object);
      const { id, createdMs, modifiedMs, archivedMs } = record;
      const values = names.map((name) => record.values[name] ?? null);
      db.prepare(insert).run(id, createdMs, modifiedMs, archivedMs ?? null, ...values);
    },
    update(object, id, changes, modifiedMs) {
      lag.keep(object, id);
      const names = Object.keys(changes);
      const sets = names.map((name) => `, "p_${name}" = ?`).join('');
      const values = names.map((name) => changes[name] ?? null);
      const sql = `update ${shape.tableOf(object)} set modified_ms = ?${sets} where id = ?`;
      db.prepare(sql).run(modifiedMs, ...values, id);
    },
    setArchived(object, id, archivedMs, modifiedMs) {
      lag.keep(object, id);
      const sql = `update ${shape.tableOf(object)}
        set archived_ms = ?, modified_ms = coalesce(?, modified_ms) where id = ?`;
      db.prepare(sql).run(archivedMs, modifiedMs ?? null, id);
    },
    remove(object, id) {
      lag.keep(object, id);
      db.prepare(`delete from ${shape.tableOf(object)} where id = ?`).run(id);
    },
    renumber(object, id, newId) {
      lag.keep(object, id);
      lag.keep(object, newId, true);
      db.prepare(`update ${shape.tableOf(object)} set id = ? where id = ?`).run(newId, id);
    },
  };
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
