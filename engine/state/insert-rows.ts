import { type RawBuilder, sql } from 'kysely';
import type { ColumnType } from '../words/stream.ts';
import type { Column, Relation } from '../words/table.ts';
import type { Dialect, Session } from '../words/warehouse.ts';

/** Of one statement, whichever comes first: its text is in memory whole. */
const rowsMax = 5_000;
const charactersMax = 8_000_000;

type NamedType = Pick<Column, 'name' | 'typeName'>;

/** Columns as the product types them. */
export function typeColumns(
  dialect: Dialect,
  columns: readonly (readonly [name: string, type: ColumnType, ...unknown[]])[],
): readonly NamedType[] {
  return columns.map(([name, type]) => ({ name, typeName: dialect.typeName(type) }));
}

/** Brings rows at hand into a table, cells in the order of the columns: see `Dialect.rowsOf`. */
export async function insertRows(
  session: Session,
  dialect: Dialect,
  target: Relation | RawBuilder<unknown>,
  columns: readonly NamedType[],
  rows: readonly (readonly unknown[])[],
): Promise<void> {
  const table = 'schema' in target ? sql.id(target.schema, target.name) : target;
  const names = sql.join(columns.map((column) => sql.id(column.name)));
  for (const part of splitRows(rows)) {
    await session.execute(sql`
      insert into ${table} (${names})
      select ${names} from ${dialect.rowsOf(columns, part)} as fresh`);
  }
}

function* splitRows(rows: readonly (readonly unknown[])[]): Generator<(readonly unknown[])[]> {
  let part: (readonly unknown[])[] = [];
  let characters = 0;
  for (const row of rows) {
    part.push(row);
    for (const cell of row) characters += typeof cell === 'string' ? cell.length : 1;
    if (part.length < rowsMax && characters < charactersMax) continue;
    yield part;
    part = [];
    characters = 0;
  }
  if (part.length > 0) yield part;
}
