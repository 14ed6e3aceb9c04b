    create temporary table "tidemill_new_rows" as
    select
      "fresh"."id", "fresh"."name", "fresh"."fresh",
      "fresh"."tidemill_scd_id" as "dbt_scd_id", "fresh"."tidemill_clock" as "dbt_updated_at", "fresh"."tidemill_clock" as "dbt_valid_from", coalesce(nullif("fresh"."tidemill_clock", "fresh"."tidemill_clock"), null) as "dbt_valid_to"
    from (
      select
        *,
        (id) as "tidemill_key_1",
        (updated_at) as tidemill_clock,
        md5(coalesce(cast((id) as varchar), '') || '|' || coalesce(cast((updated_at) as varchar), '')) as tidemill_scd_id
      from "tidemill_source"
    ) as fresh
    left join (
      select *, (id) as "tidemill_key_1"
      from "mart"."thing" as standing
      where "standing"."dbt_valid_to" is null
    ) as standing on standing."tidemill_key_1" = fresh."tidemill_key_1"
    where "standing"."dbt_scd_id" is null or ("standing"."dbt_valid_from" < fresh.tidemill_clock)
