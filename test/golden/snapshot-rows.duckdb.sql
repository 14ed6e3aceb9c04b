    create temporary table "tidemill_new_rows" as
    select
      "id", "name", "fresh",
      md5(coalesce(cast((id) as varchar), '') || '|' || coalesce(cast((updated_at) as varchar), '')) as "dbt_scd_id", tidemill_clock as "dbt_updated_at", tidemill_clock as "dbt_valid_from", coalesce(nullif(tidemill_clock, tidemill_clock), null) as "dbt_valid_to"
    from "tidemill_changes" as source_data
    where "tidemill_key_1" is not null
