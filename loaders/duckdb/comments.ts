import { sql } from 'kysely';
import type { CommentDialect } from '../../engine/words/warehouse.ts';

/** DuckDB takes a comment as a literal only; an empty one is kept as none. */
export const duckdbComments: CommentDialect = {
  read: sql`
    select schema_name as schema, table_name as name, null as "column", comment
    from duckdb_tables()
    where database_name = current_database() and comment is not null
    union all
    select schema_name, view_name, null, comment
    from duckdb_views()
    where database_name = current_database() and comment is not null
    union all
    select schema_name, table_name, column_name, comment
    from duckdb_columns()
    where database_name = current_database() and comment is not null`,
  onRelation: ({ schema, name }, kind, text) =>
    kind === 'view'
      ? sql`comment on view ${sql.id(schema, name)} is ${literal(text)}`
      : sql`comment on table ${sql.id(schema, name)} is ${literal(text)}`,
  onColumn: ({ schema, name }, column, text) =>
    sql`comment on column ${sql.id(schema, name, column)} is ${literal(text)}`,
};

function literal(text: string) {
  return text === '' ? sql`null` : sql.lit(text);
}
