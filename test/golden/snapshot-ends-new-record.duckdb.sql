    create temporary table "tidemill_ended_rows" as
    select "snapshotted_data"."dbt_scd_id" as tidemill_scd_id, source_data.tidemill_clock as tidemill_end
    from (
      select
        *,
        (id) as "tidemill_key_1",
        cast('2026-01-01 00:00:00.000' as timestamp) as tidemill_clock,
        md5(coalesce(cast((id) as varchar), '') || '|' || coalesce(cast(cast('2026-01-01 00:00:00.000' as timestamp) as varchar), '')) as tidemill_scd_id
      from "tidemill_source"
    ) as source_data
    join (
      select *, (id) as "tidemill_key_1"
      from "mart"."thing" as snapshotted_data
      where ("snapshotted_data"."dbt_valid_to" is null or "snapshotted_data"."dbt_valid_to" = (timestamp '9999-12-31'))
    ) as snapshotted_data on snapshotted_data."tidemill_key_1" = source_data."tidemill_key_1"
    where (false or "snapshotted_data"."name" is distinct from "source_data"."name" or "snapshotted_data"."dbt_is_deleted" = 'True')
    union all
    select "snapshotted_data"."dbt_scd_id", cast('2026-01-01 00:00:00.000' as timestamp)
    from (
      select *, (id) as "tidemill_key_1"
      from "mart"."thing" as snapshotted_data
      where ("snapshotted_data"."dbt_valid_to" is null or "snapshotted_data"."dbt_valid_to" = (timestamp '9999-12-31'))
    ) as snapshotted_data
    where not exists (
      select 1
      from (
      select
        *,
        (id) as "tidemill_key_1",
        cast('2026-01-01 00:00:00.000' as timestamp) as tidemill_clock,
        md5(coalesce(cast((id) as varchar), '') || '|' || coalesce(cast(cast('2026-01-01 00:00:00.000' as timestamp) as varchar), '')) as tidemill_scd_id
      from "tidemill_source"
    ) as source_data
      where snapshotted_data."tidemill_key_1" = source_data."tidemill_key_1"
    ) and ("snapshotted_data"."dbt_is_deleted" = 'True') is not true
