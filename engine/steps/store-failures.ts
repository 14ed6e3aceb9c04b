import { type RawBuilder, sql } from 'kysely';
import { insertRows } from '../state/insert-rows.ts';
import type { Check } from '../words/node.ts';
import { quoteRelation } from '../words/sql-name.ts';
import type { Column, Relation } from '../words/table.ts';
import type { Row, Session, Warehouse } from '../words/warehouse.ts';
import {
  createSchema,
  createTable,
  createTableAs,
  createView,
  dropRelation,
  findKind,
  selectOf,
} from './relation-statements.ts';

/** Failing rows of one check carried out of a transaction that rolls back, as a table has them. */
export interface KeptFailures {
  readonly relation: Relation;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

/** Most rows of one check kept in memory while a transaction rolls back. */
const keptRowsMax = 10_000;

/** The failing rows of a check, as many as its `limit` says. */
export function failingRows(check: Check, query: string): RawBuilder<unknown> {
  const limit = check.limit === undefined ? sql`` : sql`limit ${sql.lit(check.limit)}`;
  return sql`
    select *
    from (
      ${selectOf(query)}
    ) as rows_found
    ${limit}`;
}

/**
 * Writes each check's failing rows to where its config says, in place of what the last run left
 * there; a check that holds leaves no rows. `isPassing` is false for a copy that will be dropped:
 * a view of it could not stand, so its rows are kept in a table.
 */
export async function storeFailures(
  warehouse: Warehouse,
  checks: readonly Check[],
  relationOf: (id: string) => Relation,
  isPassing = true,
): Promise<void> {
  for (const check of checks) {
    if (check.store === undefined) continue;
    const relation = await check.store.relation();
    const rows = failingRows(check, await check.sql((id) => quoteRelation(relationOf(id))));
    const isView = isPassing && check.store.kind === 'view';
    const live = await findKind(warehouse, relation);
    await warehouse.ddl([
      createSchema(relation.schema),
      ...(live ? [dropRelation(relation, live)] : []),
      isView ? createView(relation, rows) : createTableAs(relation, rows),
    ]);
  }
}

/** Reads the failing rows where they stand only for the length of a transaction. */
export async function keepFailures(
  session: Session,
  checks: readonly Check[],
  relationOf: (id: string) => Relation,
): Promise<KeptFailures[]> {
  const kept: KeptFailures[] = [];
  for (const check of checks) {
    if (check.store === undefined) continue;
    const relation = await check.store.relation();
    const found = failingRows(check, await check.sql((id) => quoteRelation(relationOf(id))));
    const columns = await session.describeQuery(found);
    const rows = await session.query(
      sql`select * from (${found}) as failing limit ${sql.lit(keptRowsMax)}`,
    );
    kept.push({ relation, columns, rows });
  }
  return kept;
}

/** Writes what was carried out of the transaction. */
export async function writeKept(
  warehouse: Warehouse,
  kept: readonly KeptFailures[],
): Promise<void> {
  for (const { relation, columns, rows } of kept) {
    const live = await findKind(warehouse, relation);
    await warehouse.ddl([
      createSchema(relation.schema),
      ...(live ? [dropRelation(relation, live)] : []),
      createTable(relation, columns),
    ]);
    if (rows.length === 0) continue;
    const cells = rows.map((row) => columns.map(({ name }) => toCell(row[name])));
    await warehouse.transaction((session) =>
      insertRows(session, warehouse.dialect, relation, columns, cells),
    );
  }
}

/** Nested values go in as the text of JSON, which casts to what they were. */
function toCell(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  return typeof value === 'object' ? JSON.stringify(value) : value;
}
