import { sql } from 'kysely';
import type { RelationKind } from '../steps/relation-statements.ts';
import type { Column, Relation } from '../words/table.ts';
import type { Dialect, Session } from '../words/warehouse.ts';

/** Every table and view with its columns, read at once: a plan asks about all of them. */
export interface Catalog {
  columnsOf(relation: Relation): readonly Column[] | undefined;
  /** Undefined: nothing bears the name. */
  kindOf(relation: Relation): RelationKind | undefined;
  /** Schemas that anything stands in. */
  readonly schemas: readonly string[];
}

interface KindRow {
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
}

interface ColumnRow {
  readonly schema: string;
  readonly name: string;
  readonly column: string;
  readonly type: string;
}

const keyOf = (schema: string, name: string): string =>
  JSON.stringify([schema.toLowerCase(), name.toLowerCase()]);

export async function readCatalog(session: Session, dialect: Dialect): Promise<Catalog> {
  const kinds = await session.query<KindRow>(sql`
    select table_schema as schema, table_name as name, table_type as kind
    from information_schema.tables
    where table_catalog = current_database()`);
  const rows = await session.query<ColumnRow>(sql`
    select
      table_schema as schema,
      table_name as name,
      column_name as "column",
      data_type as type
    from information_schema.columns
    where table_catalog = current_database()
    order by table_schema, table_name, ordinal_position`);
  const relations = new Map<string, Column[]>();
  for (const { schema, name, column, type } of rows) {
    const key = keyOf(schema, name);
    const columns = relations.get(key) ?? [];
    columns.push({ name: column, type: dialect.columnType(type), typeName: type });
    relations.set(key, columns);
  }
  const kindsByKey = new Map(
    kinds.map(({ schema, name, kind }) => [
      keyOf(schema, name),
      kind.includes('VIEW') ? ('view' as const) : ('table' as const),
    ]),
  );
  return {
    columnsOf: ({ schema, name }) => relations.get(keyOf(schema, name)),
    kindOf: ({ schema, name }) => kindsByKey.get(keyOf(schema, name)),
    schemas: [...new Set(kinds.map(({ schema }) => schema))],
  };
}
