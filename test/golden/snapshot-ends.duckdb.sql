    create temporary table "tidemill_ended_rows" as
    select "standing"."dbt_scd_id" as tidemill_scd_id, fresh.tidemill_clock as tidemill_end
    from (
      select
        *,
        (id) as "tidemill_key_1",
        (updated_at) as tidemill_clock,
        md5(coalesce(cast((id) as varchar), '') || '|' || coalesce(cast((updated_at) as varchar), '')) as tidemill_scd_id
      from "tidemill_source"
    ) as fresh
    join (
      select *, (id) as "tidemill_key_1"
      from "mart"."thing" as standing
      where "standing"."dbt_valid_to" is null
    ) as standing on standing."tidemill_key_1" = fresh."tidemill_key_1"
    where ("standing"."dbt_valid_from" < fresh.tidemill_clock)
