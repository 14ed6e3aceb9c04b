    create temporary table "tidemill_new_rows" as
    select
      "fresh"."id", "fresh"."name", "fresh"."fresh",
      "fresh"."tidemill_scd_id" as "dbt_scd_id", "fresh"."tidemill_clock" as "dbt_updated_at", "fresh"."tidemill_clock" as "dbt_valid_from", coalesce(nullif("fresh"."tidemill_clock", "fresh"."tidemill_clock"), (timestamp '9999-12-31')) as "dbt_valid_to", 'False' as "dbt_is_deleted"
    from (
      select
        *,
        (id) as "tidemill_key_1",
        cast('2026-01-01 00:00:00.000' as timestamp) as tidemill_clock,
        md5(coalesce(cast((id) as varchar), '') || '|' || coalesce(cast(cast('2026-01-01 00:00:00.000' as timestamp) as varchar), '')) as tidemill_scd_id
      from "tidemill_source"
    ) as fresh
    left join (
      select *, (id) as "tidemill_key_1"
      from "mart"."thing" as standing
      where ("standing"."dbt_valid_to" is null or "standing"."dbt_valid_to" = (timestamp '9999-12-31'))
    ) as standing on standing."tidemill_key_1" = fresh."tidemill_key_1"
    where "standing"."dbt_scd_id" is null or (false or "standing"."name" is distinct from "fresh"."name" or "standing"."dbt_is_deleted" = 'True')
    union all
    select
      "standing"."id", "standing"."name", null as "fresh",
      md5(coalesce(cast("standing"."dbt_scd_id" as varchar), '') || '|' || coalesce(cast(cast('2026-01-01 00:00:00.000' as timestamp) as varchar), '')) as "dbt_scd_id",
      cast('2026-01-01 00:00:00.000' as timestamp) as "dbt_updated_at",
      cast('2026-01-01 00:00:00.000' as timestamp) as "dbt_valid_from",
      "standing"."dbt_valid_to",
      'True' as "dbt_is_deleted"
    from (
      select *, (id) as "tidemill_key_1"
      from "mart"."thing" as standing
      where ("standing"."dbt_valid_to" is null or "standing"."dbt_valid_to" = (timestamp '9999-12-31'))
    ) as standing
    where not exists (
      select 1
      from (
      select
        *,
        (id) as "tidemill_key_1",
        cast('2026-01-01 00:00:00.000' as timestamp) as tidemill_clock,
        md5(coalesce(cast((id) as varchar), '') || '|' || coalesce(cast(cast('2026-01-01 00:00:00.000' as timestamp) as varchar), '')) as tidemill_scd_id
      from "tidemill_source"
    ) as fresh
      where standing."tidemill_key_1" = fresh."tidemill_key_1"
    ) and ("standing"."dbt_is_deleted" = 'True') is not true
