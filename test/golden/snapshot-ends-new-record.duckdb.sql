    create temporary table "tidemill_ended_rows" as
    select "standing"."dbt_scd_id" as tidemill_scd_id, fresh.tidemill_clock as tidemill_end
    from (
      select
        *,
        (id) as "tidemill_key_1",
        cast('2026-01-01 00:00:00.000' as timestamp) as tidemill_clock,
        md5(coalesce(cast((id) as varchar), '') || '|' || coalesce(cast(cast('2026-01-01 00:00:00.000' as timestamp) as varchar), '')) as tidemill_scd_id
      from "tidemill_source"
    ) as fresh
    join (
      select *, (id) as "tidemill_key_1"
      from "mart"."thing" as standing
      where ("standing"."dbt_valid_to" is null or "standing"."dbt_valid_to" = (timestamp '9999-12-31'))
    ) as standing on standing."tidemill_key_1" = fresh."tidemill_key_1"
    where (false or "standing"."name" is distinct from "fresh"."name" or "standing"."dbt_is_deleted" = 'True')
    union all
    select "standing"."dbt_scd_id", cast('2026-01-01 00:00:00.000' as timestamp)
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
