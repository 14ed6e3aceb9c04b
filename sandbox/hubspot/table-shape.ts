import type { ObjectDefinition } from './catalog.ts';
import type { Database } from './database.ts';

export const baseColumns = 'id, created_ms, modified_ms, archived_ms';

export function tableOf(object: ObjectDefinition): string {
  return `"o_${object.name}"`;
}

/** Holds records as search still sees them; see index-lag.ts. */
export function shadowOf(object: ObjectDefinition): string {
  return `"s_${object.name}"`;
}

/** The column behind a property: a base column for the system properties. */
export function columnOf(object: ObjectDefinition, property: string): string {
  if (property === 'hs_object_id') return 'id';
  if (property === object.createdProperty) return 'created_ms';
  if (property === object.modifiedProperty) return 'modified_ms';
  return `"p_${property}"`;
}

function isSystem(object: ObjectDefinition, property: string): boolean {
  return !columnOf(object, property).startsWith('"p_');
}

/** What inserts ask for a million times, made once a set of properties. */
interface TableShape {
  size: number;
  names: readonly string[];
  columns: string;
  insert: string;
}
const shapes = new WeakMap<ObjectDefinition['properties'], TableShape>();

export function shapeOf(object: ObjectDefinition): TableShape {
  const known = shapes.get(object.properties);
  if (known !== undefined && known.size === object.properties.size) return known;
  const { names, columns: own } = selectColumns(object, [...object.properties.keys()]);
  const columns = `${baseColumns}${own}`;
  const holes = ', ?'.repeat(names.length);
  const insert = `insert into ${tableOf(object)} (${columns}) values (?, ?, ?, ?${holes})`;
  const shape = { size: object.properties.size, names, columns, insert };
  shapes.set(object.properties, shape);
  return shape;
}

/** The stored ones among the properties, and their columns as they follow the base columns. */
export function selectColumns(object: ObjectDefinition, properties: readonly string[]) {
  const names = properties.filter((name) => !isSystem(object, name));
  return { names, columns: names.map((name) => `, "p_${name}"`).join('') };
}

export function createTables(db: Database, object: ObjectDefinition): void {
  const table = tableOf(object);
  const own = shapeOf(object).names.map((name) => `, "p_${name}" text`);
  const rest = `created_ms integer not null, modified_ms integer not null, archived_ms integer${own.join('')}`;
  db.exec(`create table if not exists ${table} (id integer primary key, ${rest})`);
  db.exec(`create table if not exists ${shadowOf(object)} (seq integer primary key,
    until_ms integer not null, present integer not null, id integer not null, ${rest})`);
  db.exec(`create index if not exists "m_${object.name}" on ${table} (modified_ms)
    where archived_ms is null`);
  db.exec(`create index if not exists "a_${object.name}" on ${table} (id)
    where archived_ms is not null`);
  for (const property of object.properties.values()) {
    if (property.hasUniqueValue) createUniqueIndex(db, object, property.name);
  }
}

export function addColumn(db: Database, object: ObjectDefinition, property: string): void {
  for (const table of [tableOf(object), shadowOf(object)]) {
    const known = db.prepareOnce('select 1 from pragma_table_info(?) where name = ?');
    if (known.get(table.slice(1, -1), `p_${property}`) !== undefined) continue;
    db.exec(`alter table ${table} add column "p_${property}" text`);
  }
  if (object.properties.get(property)?.hasUniqueValue === true) {
    createUniqueIndex(db, object, property);
  }
}

/** Archived records give their unique values free. */
function createUniqueIndex(db: Database, object: ObjectDefinition, property: string): void {
  db.exec(`create unique index if not exists "u_${object.name}_${property}"
    on ${tableOf(object)} ("p_${property}")
    where archived_ms is null and "p_${property}" is not null`);
}
