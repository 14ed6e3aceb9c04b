    create temporary table "tidemill_changes" as
    select source_data.*, "snapshotted_data"."dbt_scd_id" as tidemill_scd_id, snapshotted_data."tidemill_key_1" as "tidemill_open_key_1"
    from (
      select *, (id) as "tidemill_key_1", cast('2026-01-01 00:00:00.000' as timestamp) as tidemill_clock
      from "tidemill_source__mart__thing"
    ) as source_data
    full join (
      select *, (id) as "tidemill_key_1"
      from "mart"."thing" as snapshotted_data
      where ("snapshotted_data"."dbt_valid_to" is null or "snapshotted_data"."dbt_valid_to" = (timestamp '9999-12-31'))
    ) as snapshotted_data
      on snapshotted_data."tidemill_key_1" = source_data."tidemill_key_1"
    where "snapshotted_data"."dbt_scd_id" is null
      or (not (source_data."tidemill_key_1" is null) and (false or "snapshotted_data"."name" is distinct from "source_data"."name" or "snapshotted_data"."dbt_is_deleted" = 'True'))
      or (source_data."tidemill_key_1" is null and ("snapshotted_data"."dbt_is_deleted" = 'True') is not true)
