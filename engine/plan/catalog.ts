import { sql } from 'kysely';
import type { Column, Relation } from '../words/table.ts';
import type { Dialect, Session } from '../words/warehouse.ts';

/** Every table and view with its columns, read in one statement: a plan asks about all of them. */
export interface Catalog {
  columnsOf(relation: Relation): readonly Column[] | undefined;
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
  return { columnsOf: ({ schema, name }) => relations.get(keyOf(schema, name)) };
}
