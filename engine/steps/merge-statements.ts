import { type RawBuilder, sql } from 'kysely';
import type { Relation } from '../words/table.ts';
import { type Batches, joinSpans } from './batch-spans.ts';
import { columnList, keysEqual, tableOf } from './relation-statements.ts';

export function insertBatch(
  target: Relation,
  batch: RawBuilder<unknown>,
  columns: readonly string[],
): RawBuilder<unknown> {
  return sql`
    insert into ${tableOf(target)} (${columnList(columns)})
    select ${columnList(columns)}
    from ${batch}`;
}

/** Rows of the target whose key is in the batch. */
export function deleteByKey(
  target: Relation,
  batch: RawBuilder<unknown>,
  keys: readonly string[],
): RawBuilder<unknown> {
  return sql`
    delete from ${tableOf(target)}
    where exists (
      select 1
      from ${batch} as batch
      where ${keysEqual(keys, sql.id('batch'), sql.id(target.name))}
    )`;
}

export function deleteSpans(
  target: Relation,
  { column, spans }: Pick<Batches, 'column' | 'spans'>,
): RawBuilder<unknown> {
  const time = sql.id(column);
  const conditions = joinSpans(spans).map(
    ({ from, to }) =>
      sql`(${time} >= cast(${from} as timestamp) and ${time} < cast(${to} as timestamp))`,
  );
  return sql`
    delete from ${tableOf(target)}
    where ${sql.join(conditions, sql` or `)}`;
}

/** For merges that leave some columns of a standing row alone. */
export function mergeBatch(
  target: Relation,
  batch: RawBuilder<unknown>,
  shape: {
    readonly columns: readonly string[];
    readonly keys: readonly string[];
    readonly updated: readonly string[];
  },
): RawBuilder<unknown> {
  const assignments = shape.updated.map((name) => sql`${sql.id(name)} = batch.${sql.id(name)}`);
  const update =
    assignments.length === 0
      ? sql``
      : sql`
    when matched then update set ${sql.join(assignments)}`;
  return sql`
    merge into ${tableOf(target)} as target
    using ${batch} as batch
    on ${keysEqual(shape.keys, sql.id('batch'), sql.id('target'))}${update}
    when not matched then insert (${columnList(shape.columns)})
      values (${columnList(shape.columns, 'batch')})`;
}
