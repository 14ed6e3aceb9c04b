import { type RawBuilder, sql } from 'kysely';
import { TerminalError } from '../words/errors.ts';
import type { BuildNode } from '../words/node.ts';
import { plural } from '../words/plural.ts';
import { type Column, formatRelation, type Relation } from '../words/table.ts';
import type { Session } from '../words/warehouse.ts';
import { countKeyFaults } from './batch-keys.ts';
import { columnList, tableOf } from './relation-statements.ts';

/** The records as the model's select gives them now. */
export const freshTable = sql.id('tidemill_fresh');
/** Records that are new, gone, or differ in anything the resolution reads. */
export const changedTable = sql.id('tidemill_changed');
/** The changed records as the last build saw them, and as they are now: few, and often asked. */
export const wasTable = sql.id('tidemill_was');
export const nowTable = sql.id('tidemill_now');

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
    select
      coalesce(fresh.record, kept.record) as record,
      kept.record is null as is_new,
      fresh.record is null as is_gone
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

/** The changed records in one of the two states. */
export function createState(
  name: RawBuilder<unknown>,
  from: RawBuilder<unknown>,
): RawBuilder<unknown> {
  return sql`
    create temporary table ${name} as
    select *
    from ${from}
    where record in (select record from ${changedTable})`;
}

export function insertRecords(
  kept: Relation,
  columns: readonly Column[],
  from: RawBuilder<unknown>,
): RawBuilder<unknown> {
  const names = columnList(columns.map(({ name }) => name));
  return sql`
    insert into ${tableOf(kept)} (${names})
    select ${names}
    from ${from}`;
}

/**
 * The same without a look at every record: those that stand were unique, so it is enough that the
 * changed ones are, and that as many of the others are there as were. Call once `changedTable` is.
 */
export async function requireChangedRecords(
  session: Session,
  node: BuildNode,
  kept: Relation,
): Promise<void> {
  const [row] = await session.query<
    Record<'fresh' | 'kept' | 'added' | 'gone' | 'twins', unknown>
  >(sql`
    select
      (select count(record) from ${freshTable}) as fresh,
      (select count(*) from ${tableOf(kept)}) as kept,
      (select count(*) from ${changedTable} where is_new) as added,
      (select count(*) from ${changedTable} where is_gone) as gone,
      (select count(*) - count(distinct record) from ${changedTable}) as twins`);
  const sum = Number(row?.kept) + Number(row?.added) - Number(row?.gone);
  if (Number(row?.fresh) === sum && Number(row?.twins) === 0) return;
  await requireRecords(session, node);
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
    ...(nulls > 0 ? [`${plural(nulls, 'record')} without a value in ${keys}`] : []),
    ...(twins > 0 ? [`${plural(twins, 'value')} of ${keys} on more than one record`] : []),
  ].join('; ');
  throw new TerminalError(`${formatRelation(node.relation)}: ${found}`, {
    code: 'identity-records',
    hint: `Make the select in ${node.file} one row a record, for example its newest version.`,
    model: node.id,
  });
}
