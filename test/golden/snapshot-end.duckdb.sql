    update "mart"."thing" as snapshotted_data
    set "dbt_valid_to" = ended.tidemill_end
    from "tidemill_ended_rows" as ended
    where "snapshotted_data"."dbt_scd_id" = ended.tidemill_scd_id
      and "ended"."tidemill_open_key_1" = (id)
      and ("snapshotted_data"."dbt_valid_to" is null or "snapshotted_data"."dbt_valid_to" = (timestamp '9999-12-31'))
