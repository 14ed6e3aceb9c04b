    create temporary table "tidemill_ended_rows" as
    select "snapshotted_data"."dbt_scd_id" as tidemill_scd_id, source_data.tidemill_clock as tidemill_end
    from (
      select
        *,
        (id) as "tidemill_key_1",
        (updated_at) as tidemill_clock,
        md5(coalesce(cast((id) as varchar), '') || '|' || coalesce(cast((updated_at) as varchar), '')) as tidemill_scd_id
      from "tidemill_source"
    ) as source_data
    join (
      select *, (id) as "tidemill_key_1"
      from "mart"."thing" as snapshotted_data
      where "snapshotted_data"."dbt_valid_to" is null
    ) as snapshotted_data on snapshotted_data."tidemill_key_1" = source_data."tidemill_key_1"
    where ("snapshotted_data"."dbt_valid_from" < source_data.tidemill_clock)
