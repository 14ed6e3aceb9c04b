    create temporary table "tidemill_late" as
    select distinct "id"
    from "tidemill_versions"
    where tidemill_next_valid = tidemill_valid
      or tidemill_next_recorded < tidemill_recorded
      or (tidemill_closed and tidemill_next_closed)
