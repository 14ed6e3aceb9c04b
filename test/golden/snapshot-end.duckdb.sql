    update "mart"."thing" as standing
    set "dbt_valid_to" = ended.tidemill_end
    from "tidemill_ended_rows" as ended
    where "standing"."dbt_scd_id" = ended.tidemill_scd_id
      and ("standing"."dbt_valid_to" is null or "standing"."dbt_valid_to" = (timestamp '9999-12-31'))
