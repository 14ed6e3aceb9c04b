    create temporary table "tidemill_new_rows" as
    select
      "id", "name", "fresh",
      md5(coalesce(cast((id) as varchar), '') || '|' || coalesce(cast(cast('2026-01-01 00:00:00.000' as timestamp) as varchar), '')) as "dbt_scd_id", tidemill_clock as "dbt_updated_at", tidemill_clock as "dbt_valid_from", coalesce(nullif(tidemill_clock, tidemill_clock), (timestamp '9999-12-31')) as "dbt_valid_to", 'False' as "dbt_is_deleted"
    from "tidemill_changes" as source_data
    where "tidemill_key_1" is not null
    union all
    select
      "snapshotted_data"."id", "snapshotted_data"."name", null as "fresh",
      md5(coalesce(cast("snapshotted_data"."dbt_scd_id" as varchar), '') || '|' || coalesce(cast(cast('2026-01-01 00:00:00.000' as timestamp) as varchar), '')) as "dbt_scd_id",
      cast('2026-01-01 00:00:00.000' as timestamp) as "dbt_updated_at",
      cast('2026-01-01 00:00:00.000' as timestamp) as "dbt_valid_from",
      "snapshotted_data"."dbt_valid_to",
      'True' as "dbt_is_deleted"
    from (
      select *, (id) as "tidemill_key_1"
      from "mart"."thing" as snapshotted_data
      where ("snapshotted_data"."dbt_valid_to" is null or "snapshotted_data"."dbt_valid_to" = (timestamp '9999-12-31'))
    ) as snapshotted_data
    where exists (
      select 1
      from "tidemill_changes" as gone
      where gone.tidemill_scd_id = "snapshotted_data"."dbt_scd_id"
        and "gone"."tidemill_open_key_1" = snapshotted_data."tidemill_key_1"
        and gone."tidemill_key_1" is null
    )
