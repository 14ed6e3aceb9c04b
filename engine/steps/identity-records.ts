import { type RawBuilder, sql } from 'kysely';
import { TerminalError } from '../words/errors.ts';
import type { BuildNode } from '../words/node.ts';
import { type Column, formatRelation, type Relation } from '../words/table.ts';
import type { Session } from '../words/warehouse.ts';
import { countKeyFaults } from './batch-keys.ts';
import { columnList, tableOf } from './relation-statements.ts';

/** The records as the model's select gives them now. */
export const freshTable = sql.id('tidemill_fresh');
/** Records that are new, gone, or differ in anything the resolution reads. */
export const changedTable = sql.id('tidemill_changed');

export function createFresh(select: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    create temporary table ${freshTable} as
    ${select}`;
}

/** A plain comparison of columns: several times cheaper than a digest. */
export function createChanged(kept: Relation, columns: readonly Column[]): RawBuilder<unknown> {
  const differs = columns
    .filter(({ name }) => name !== 'record')
    .map(({ name }) => sql`fresh.${sql.id(name)} is distinct from kept.${sql.id(name)}`);
  return sql`
    create temporary table ${changedTable} as
    select coalesce(fresh.record, kept.record) as record
    from ${freshTable} as fresh
    full join ${tableOf(kept)} as kept on kept.record = fresh.record
    where fresh.record is null
      or kept.record is null
      or ${sql.join(
        differs,
        sql`
      or `,
      )}`;
}

export function deleteChanged(kept: Relation): RawBuilder<unknown> {
  return sql`
    delete from ${tableOf(kept)}
    where record in (select record from ${changedTable})`;
}

export function insertFresh(
  kept: Relation,
  columns: readonly Column[],
  scope: 'all' | 'changed',
): RawBuilder<unknown> {
  const names = columnList(columns.map(({ name }) => name));
  const narrowed =
    scope === 'all'
      ? sql``
      : sql`
    where record in (select record from ${changedTable})`;
  return sql`
    insert into ${tableOf(kept)} (${names})
    select ${names}
    from ${freshTable}${narrowed}`;
}

/** A record without a name, or two of one name: whatever is said of it would be a guess. */
export async function requireRecords(session: Session, node: BuildNode): Promise<void> {
  const [row] = await session.query<{ null_keys: unknown; duplicate_keys: unknown }>(
    countKeyFaults(freshTable, ['record']),
  );
  const nulls = Number(row?.null_keys ?? 0);
  const twins = Number(row?.duplicate_keys ?? 0);
  if (nulls + twins === 0) return;
  const { system, recordId } = node.config.identity ?? { system: 'system', recordId: 'record_id' };
  const keys = `(${system}, ${recordId})`;
  const found = [
    ...(nulls > 0 ? [`${nulls} records have no value in ${keys}`] : []),
    ...(twins > 0 ? [`${twins} values of ${keys} are on more than one record`] : []),
  ].join('; ');
  throw new TerminalError(`${formatRelation(node.relation)}: ${found}`, {
    code: 'identity-records',
    hint: `Make the select in ${node.file} one row a record, for example its newest version.`,
    model: node.id,
  });
}
