import type { RawBuilder } from 'kysely';
import type { Relation } from '../../words/table.ts';
import type { Warehouse } from '../../words/warehouse.ts';
import { dropRelation, findKind } from '../relation-statements.ts';

/** Drops tables that only a build works with; also what a killed one left. */
export async function dropAside(
  warehouse: Warehouse,
  relations: readonly Relation[],
): Promise<void> {
  const statements: RawBuilder<unknown>[] = [];
  for (const relation of relations) {
    const kind = await findKind(warehouse, relation);
    if (kind) statements.push(dropRelation(relation, kind));
  }
  if (statements.length > 0) await warehouse.ddl(statements);
}

/** Runs `work`, and drops the tables it worked with, whatever became of it. */
export async function withAside<T>(
  warehouse: Warehouse,
  relations: readonly Relation[],
  work: () => Promise<T>,
): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    // The cause matters more than what stays: the next build drops it.
    await dropAside(warehouse, relations).catch(() => undefined);
    throw error;
  }
  await dropAside(warehouse, relations);
  return result;
}
