import { type RawBuilder, sql } from 'kysely';
import { timeColumn } from '../declare/input-window.ts';
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

/** A select's rows, by the names of its columns. */
export function insertRows(
  table: RawBuilder<unknown>,
  select: RawBuilder<unknown>,
  columns: readonly string[],
): RawBuilder<unknown> {
  return sql`
    insert into ${table} (${columnList(columns)})
    select ${columnList(columns)}
    from (
      ${select}
    ) as rows_of_it`;
}

/**
 * Rows of the target whose key is in the batch. `predicates` are conditions of the project's own on
 * the target, which goes by dbt's name for it where there are several keys.
 */
export function deleteByKey(
  target: Relation,
  batch: RawBuilder<unknown>,
  keys: readonly string[],
  predicates: readonly string[] = [],
): RawBuilder<unknown> {
  const isNamed = predicates.length > 0 && keys.length > 1;
  const name = isNamed ? 'DBT_INCREMENTAL_TARGET' : target.name;
  return sql`
    delete from ${tableOf(target)}${isNamed ? sql` as ${sql.id(name)}` : sql``}
    where exists (
      select 1
      from ${batch} as batch
      where ${keysEqual(keys, sql.id('batch'), sql.id(name))}
    )${conditionsOf(predicates)}`;
}

/** Further conditions of the project's own. */
export function conditionsOf(predicates: readonly string[]): RawBuilder<unknown> {
  return sql.join(
    predicates.map((predicate) => sql` and (${sql.raw(predicate)})`),
    sql``,
  );
}

export function deleteSpans(
  target: Relation,
  { column, spans }: Pick<Batches, 'column' | 'spans'>,
): RawBuilder<unknown> {
  const time = sql.raw(timeColumn(column));
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
    /** Conditions of the project's own: rows that do not meet them match none. */
    readonly predicates?: readonly string[];
  },
): RawBuilder<unknown> {
  const { predicates = [] } = shape;
  // The names that predicates know the two tables by.
  const [own, batchName] =
    predicates.length > 0 ? ['DBT_INTERNAL_DEST', 'DBT_INTERNAL_SOURCE'] : ['target', 'batch'];
  const from = sql.id(batchName);
  const assignments = shape.updated.map(
    (name) => sql`${sql.id(name)} = ${sql.raw(batchName)}.${sql.id(name)}`,
  );
  const update =
    assignments.length === 0
      ? sql``
      : sql`
    when matched then update set ${sql.join(assignments)}`;
  return sql`
    merge into ${tableOf(target)} as ${sql.raw(own)}
    using ${batch} as ${sql.raw(batchName)}
    on ${keysEqual(shape.keys, from, sql.id(own))}${conditionsOf(predicates)}${update}
    when not matched then insert (${columnList(shape.columns)})
      values (${columnList(shape.columns, batchName)})`;
}
