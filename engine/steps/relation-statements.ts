import { type RawBuilder, sql } from 'kysely';
import type { Column, Relation } from '../words/table.ts';
import type { Session } from '../words/warehouse.ts';

/** The relation as an identifier hole: quoted by the dialect. */
export function tableOf(relation: Relation): RawBuilder<unknown> {
  return sql.id(relation.schema, relation.name);
}

/**
 * A person's select as a statement: a last semicolon would end ours, a last comment eat our `)`.
 */
export function selectOf(text: string): RawBuilder<unknown> {
  return sql.raw(`${text.replace(/[\s;]+$/, '')}\n`);
}

export function columnList(names: readonly string[], table?: string): RawBuilder<unknown> {
  return sql.join(names.map((name) => (table === undefined ? sql.id(name) : sql.id(table, name))));
}

/** `a.x = b.x and a.y = b.y`: for keys that were checked to hold no null. */
export function keysEqual(
  keys: readonly string[],
  left: RawBuilder<unknown>,
  right: RawBuilder<unknown>,
): RawBuilder<unknown> {
  const pairs = keys.map((key) => sql`${left}.${sql.id(key)} = ${right}.${sql.id(key)}`);
  return sql.join(pairs, sql` and `);
}

export type RelationKind = 'table' | 'view';

/**
 * What stands under the name, or undefined. `drop table` of a view is an error in most products.
 */
export async function findKind(
  session: Session,
  relation: Relation,
): Promise<RelationKind | undefined> {
  const [kind] = await findKinds(session, [relation]);
  return kind;
}

/** As `findKind`, for several in one statement, in their order. */
export async function findKinds(
  session: Session,
  relations: readonly Relation[],
): Promise<(RelationKind | undefined)[]> {
  const names = relations.map(
    ({ schema, name }) =>
      sql`(lower(table_schema) = lower(${schema}) and lower(table_name) = lower(${name}))`,
  );
  const rows = await session.query<KindRow>(sql`
    select table_schema, table_name, table_type
    from information_schema.tables
    where table_catalog = current_database()
      and (${sql.join(names, sql` or `)})`);
  return relations.map((relation) => {
    const key = foldName(relation);
    const row = rows.find(
      (one) => foldName({ schema: one.table_schema, name: one.table_name }) === key,
    );
    if (!row) return undefined;
    return row.table_type.includes('VIEW') ? 'view' : 'table';
  });
}

/** Whoever made a schema first decided how its name is written: names are the same without case. */
const foldName = ({ schema, name }: Relation): string =>
  JSON.stringify([schema.toLowerCase(), name.toLowerCase()]);

interface KindRow {
  readonly table_schema: string;
  readonly table_name: string;
  readonly table_type: string;
}

export function dropRelation(relation: Relation, kind: RelationKind): RawBuilder<unknown> {
  const name = tableOf(relation);
  return kind === 'view' ? sql`drop view ${name}` : sql`drop table ${name}`;
}

export function createSchema(schema: string): RawBuilder<unknown> {
  return sql`create schema if not exists ${sql.id(schema)}`;
}

export function createTableAs(
  relation: Relation,
  select: RawBuilder<unknown>,
): RawBuilder<unknown> {
  return sql`
    create table ${tableOf(relation)} as
    ${select}`;
}

export function createTable(relation: Relation, columns: readonly Column[]): RawBuilder<unknown> {
  return sql`create table ${tableOf(relation)} ${columnTypes(columns)}`;
}

/** `(name type, …)` for a new table. */
export function columnTypes(columns: readonly Column[]): RawBuilder<unknown> {
  const list = columns.map(({ name, typeName }) => sql`${sql.id(name)} ${sql.raw(typeName)}`);
  return sql`(${sql.join(list)})`;
}

export function createView(relation: Relation, select: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    create view ${tableOf(relation)} as
    ${select}`;
}

export function renameTable(relation: Relation, name: string): RawBuilder<unknown> {
  return sql`alter table ${tableOf(relation)} rename to ${sql.id(name)}`;
}

export async function countRows(session: Session, from: RawBuilder<unknown>): Promise<number> {
  const [row] = await session.query<{ rows: number }>(sql`select count(*) as rows from ${from}`);
  return Number(row?.rows ?? 0);
}

/** Temporary tables of a transaction, at its end: a rollback takes them with it. */
export async function dropTables(
  session: Session,
  tables: readonly RawBuilder<unknown>[],
): Promise<void> {
  for (const table of tables) await session.execute(sql`drop table ${table}`);
}
