import { attributes } from './history-data.ts';

/*
 * What dbt runs on DuckDB for a snapshot with strategy timestamp and hard_deletes ignore, with its
 * shape of statements: a staging table of inserts and updates found by comparing the whole current
 * state with the open rows, an update, an insert, and the staging table dropped. It sees the state
 * as it is now, not the log: late versions and what changed twice in between are lost to it.
 */
const columns = ['id', ...attributes, 'modified_at'].join(', ');
const added = 'dbt_updated_at, dbt_valid_from, dbt_valid_to, dbt_scd_id';
const scdId = `md5(coalesce(cast(id as varchar), '') || '|' || coalesce(cast(modified_at as varchar), ''))`;

/** The state of every record, as a CRM's table would hold it: what a snapshot is taken of. */
export const createState = `
  create table state as
  ${selectState('')}`;

/** What the records learned of after `since` have become. */
export function updateState(since: string): readonly string[] {
  const changed = `select id from log where observed_at > timestamp '${since}'`;
  return [
    `delete from state where id in (${changed})`,
    `insert into state ${selectState(`where id in (${changed})`)}`,
  ];
}

function selectState(narrowed: string): string {
  return `select ${columns}
  from (
    select *
    from log ${narrowed}
    qualify row_number() over (partition by id order by modified_at desc, observed_at desc) = 1
  ) as newest
  where not is_deleted_there`;
}

/** As if dbt had seen every version when it was true. */
export const createSnapshot = `
  create table snapshot as
  select *, ${scdId} as dbt_scd_id
  from (
    select id, ${attributes.join(', ')}, valid_from as modified_at, valid_from as dbt_updated_at,
      valid_from as dbt_valid_from, valid_to as dbt_valid_to
    from mart.history
    where recorded_to is null
  ) as believed`;

export const updateSnapshot: readonly string[] = [
  `create table snapshot_staging as
  with snapshot_query as (
    select * from state
  ),
  snapshotted_data as (
    select *, id as dbt_unique_key from snapshot where dbt_valid_to is null
  ),
  source_data as (
    select *, id as dbt_unique_key, modified_at as dbt_updated_at, modified_at as dbt_valid_from,
      coalesce(nullif(modified_at, modified_at), null) as dbt_valid_to, ${scdId} as dbt_scd_id
    from snapshot_query
  ),
  updates_source_data as (
    select *, id as dbt_unique_key, modified_at as dbt_updated_at, modified_at as dbt_valid_from,
      modified_at as dbt_valid_to
    from snapshot_query
  ),
  insertions as (
    select 'insert' as dbt_change_type, source_data.*
    from source_data
    left outer join snapshotted_data
      on snapshotted_data.dbt_unique_key = source_data.dbt_unique_key
    where snapshotted_data.dbt_unique_key is null
      or snapshotted_data.dbt_valid_from < source_data.modified_at
  ),
  updates as (
    select 'update' as dbt_change_type, updates_source_data.*, snapshotted_data.dbt_scd_id
    from updates_source_data
    join snapshotted_data
      on snapshotted_data.dbt_unique_key = updates_source_data.dbt_unique_key
    where snapshotted_data.dbt_valid_from < updates_source_data.modified_at
  )
  select * from insertions
  union all
  select * from updates`,
  `update snapshot as target
  set dbt_valid_to = source.dbt_valid_to
  from snapshot_staging as source
  where source.dbt_scd_id = target.dbt_scd_id
    and source.dbt_change_type in ('update', 'delete')
    and target.dbt_valid_to is null`,
  `insert into snapshot (${columns}, ${added})
  select ${columns}, ${added}
  from snapshot_staging
  where dbt_change_type = 'insert'`,
  'drop table snapshot_staging',
];
