import { type RawBuilder, sql } from 'kysely';
import { snapshotColumns } from '../engine/declare/snapshot-config.ts';
import type { BuildNode, SnapshotConfig } from '../engine/words/node.ts';

/** Of the state, as wide as a narrow CRM object. */
export const columns = [
  'id',
  'name',
  'city',
  'amount',
  'active',
  'closed',
  'note',
  'owner',
  'stage',
  'modified_at',
] as const;

/** From a table: DuckDB scans it with every processor. */
export function createState(rows: number): RawBuilder<unknown> {
  return sql`
    create table state as
    select
      i as id, 'name ' || i as name, 'city ' || (i % 5000) as city, i * 1.5 as amount,
      i % 7 = 0 as active, date '2026-01-01' + cast(i % 300 as integer) as closed,
      md5(cast(i as varchar)) as note, 'owner' || (i % 50) as owner, i % 9 as stage,
      timestamp '2025-01-01' as modified_at
    from range(${sql.lit(rows)}) as ids (i)`;
}

export function editState(every: number): RawBuilder<unknown> {
  return sql`
    update state set stage = stage + 1, modified_at = timestamp '2025-01-02'
    where id % ${sql.lit(every)} = 0`;
}

export function snapshotNode(strategy: SnapshotConfig['strategy']): BuildNode {
  const snapshot: SnapshotConfig = {
    uniqueKey: ['id'],
    strategy,
    ...(strategy === 'timestamp' ? { updatedAt: 'modified_at' } : {}),
    hardDeletes: strategy === 'timestamp' ? 'ignore' : 'invalidate',
    columnNames: snapshotColumns,
  };
  return {
    id: 'snapshot.bench.snapshot',
    name: 'snapshot',
    file: 'snapshots/snapshot.sql',
    relation: { schema: 'mart', name: 'snapshot' },
    config: {
      materialization: 'snapshot',
      enabled: true,
      tags: [],
      preHooks: [],
      postHooks: [],
      raw: {},
      snapshot,
    },
    sql: 'select * from state',
    isIncremental: true,
    checks: [],
    fingerprint: 'f1',
  };
}

/**
 * What dbt runs on DuckDB for the same snapshot, with its shape of statements: a staging table of
 * what is new, changed and gone, an update, an insert, and the staging table dropped.
 */
export function takeAsDbt(strategy: SnapshotConfig['strategy']): readonly (readonly string[])[] {
  const now = "timestamp '2025-06-01'";
  const clock = strategy === 'timestamp' ? 'modified_at' : now;
  const added = 'dbt_updated_at, dbt_valid_from, dbt_valid_to, dbt_scd_id';
  const scdId = `md5(coalesce(cast(id as varchar), '') || '|' || coalesce(cast(${clock} as varchar), ''))`;
  const differs = columns.map((name) => {
    const [one, other] = [`snapshotted_data."${name}"`, `source_data."${name}"`];
    return `${one} != ${other} or ((${one} is null and not (${other} is null))
      or ((not ${one} is null) and (${other} is null)))`;
  });
  const changed =
    strategy === 'timestamp'
      ? 'snapshotted_data.dbt_valid_from < source_data.modified_at'
      : `(${differs.join('\n or ')})`;
  const deletes =
    strategy === 'timestamp'
      ? ''
      : `union all
    select 'delete' as dbt_change_type, source_data.*, ${now}, ${now}, ${now},
      snapshotted_data.dbt_scd_id
    from snapshotted_data
    left join (select *, id as dbt_unique_key from snapshot_query) as source_data
      on snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
    where source_data.dbt_unique_key is null`;
  const staging = `create temporary table snapshot_staging as
  with snapshot_query as (select * from state),
  snapshotted_data as (
    select *, id as dbt_unique_key from mart.snapshot where dbt_valid_to is null
  ),
  insertions_source_data as (
    select *, id as dbt_unique_key, ${clock} as dbt_updated_at, ${clock} as dbt_valid_from,
      coalesce(nullif(${clock}, ${clock}), null) as dbt_valid_to, ${scdId} as dbt_scd_id
    from snapshot_query
  ),
  updates_source_data as (
    select *, id as dbt_unique_key, ${clock} as dbt_updated_at, ${clock} as dbt_valid_from,
      ${clock} as dbt_valid_to
    from snapshot_query
  ),
  insertions as (
    select 'insert' as dbt_change_type, source_data.*
    from insertions_source_data as source_data
    left outer join snapshotted_data
      on snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
    where snapshotted_data.dbt_unique_key is null
      or (snapshotted_data.dbt_unique_key is not null and ${changed})
  ),
  updates as (
    select 'update' as dbt_change_type, source_data.*, snapshotted_data.dbt_scd_id
    from updates_source_data as source_data
    join snapshotted_data on snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
    where ${changed}
  )
  select * from insertions
  union all
  select * from updates
  ${deletes}`;
  const names = columns.join(', ');
  return [
    [staging],
    [
      `update mart.snapshot as target
      set dbt_valid_to = source.dbt_valid_to
      from snapshot_staging as source
      where source.dbt_scd_id = target.dbt_scd_id
        and source.dbt_change_type in ('update', 'delete')
        and target.dbt_valid_to is null`,
      `insert into mart.snapshot (${names}, ${added})
      select ${names}, ${added}
      from snapshot_staging
      where dbt_change_type = 'insert'`,
    ],
    ['drop table snapshot_staging'],
  ];
}
