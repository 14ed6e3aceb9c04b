    create temporary table "tidemill_ended_rows" as
    select
      tidemill_scd_id,
      "tidemill_open_key_1",
      case when "tidemill_key_1" is null then cast('2026-01-01 00:00:00.000' as timestamp) else tidemill_clock end as tidemill_end
    from "tidemill_changes"
    where tidemill_scd_id is not null
