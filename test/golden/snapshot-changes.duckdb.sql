    create temporary table "tidemill_changes" as
    select source_data.*, "snapshotted_data"."dbt_scd_id" as tidemill_scd_id, snapshotted_data."tidemill_key_1" as "tidemill_open_key_1"
    from (
      select *, (id) as "tidemill_key_1", (updated_at) as tidemill_clock
      from "tidemill_source__mart__thing"
    ) as source_data
    left join (
      select *, (id) as "tidemill_key_1"
      from "mart"."thing" as snapshotted_data
      where "snapshotted_data"."dbt_valid_to" is null
    ) as snapshotted_data
      on snapshotted_data."tidemill_key_1" = source_data."tidemill_key_1"
    where "snapshotted_data"."dbt_scd_id" is null
      or (not (source_data."tidemill_key_1" is null) and ("snapshotted_data"."dbt_valid_from" < source_data.tidemill_clock))
