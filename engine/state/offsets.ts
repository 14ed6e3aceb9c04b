import { sql } from 'kysely';
import type { Relation } from '../words/table.ts';
import type { Session, Warehouse } from '../words/warehouse.ts';

/** How far the warehouse has read each log of `state.db`: one row a log. */
const offsetTable: Relation = { schema: 'tidemill', name: 'state_offset' };

const table = sql.id(offsetTable.schema, offsetTable.name);

export async function ensureOffsetTable(warehouse: Warehouse): Promise<void> {
  if (await warehouse.describe(offsetTable)) return;
  const { dialect } = warehouse;
  await warehouse.ddl([
    sql`create schema if not exists ${sql.id(offsetTable.schema)}`,
    sql`create table if not exists ${table} (
      name ${sql.raw(dialect.typeName('string'))},
      position ${sql.raw(dialect.typeName('integer'))}
    )`,
  ]);
}

/** How far the warehouse has read a log of `state.db`; 0 where it has not. */
export async function readOffset(session: Session, name: string): Promise<number> {
  const rows = await session.query<{ position: number }>(
    sql`select position from ${table} where name = ${name}`,
  );
  return Number(rows[0]?.position ?? 0);
}

/** Call it in the transaction that writes what was read: both are there, or neither. */
export async function writeOffset(session: Session, name: string, position: number): Promise<void> {
  await session.execute(sql`delete from ${table} where name = ${name}`);
  await session.execute(sql`insert into ${table} values (${name}, ${position})`);
}
