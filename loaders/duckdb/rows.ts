import { type RawBuilder, sql } from 'kysely';
import type { Column } from '../../engine/words/table.ts';

/** Half a surrogate pair is no text for DuckDB; a driver's parameters replace it as well. */
function toText(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value).toWellFormed();
}

/**
 * The rows as one JSON text: a statement of as many parameters as there are cells takes sixteen
 * times as long, most of it to bind them.
 */
export function rowsOf(
  columns: readonly Pick<Column, 'name' | 'typeName'>[],
  rows: readonly (readonly unknown[])[],
): RawBuilder<unknown> {
  const json = JSON.stringify(rows.map((row) => row.map(toText)));
  const cells = columns.map(
    ({ name, typeName }, index) =>
      sql`cast(cells[${sql.lit(index + 1)}] as ${sql.raw(typeName)}) as ${sql.id(name)}`,
  );
  return sql`(
    select ${sql.join(cells)}
    from (select unnest(from_json(${json}, '[["VARCHAR"]]')) as cells)
  )`;
}
