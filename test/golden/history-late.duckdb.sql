    create temporary table "tidemill_late__mart__thing" as
    select
      "id",
      max(case when tidemill_next_valid = tidemill_valid then 1 else 0 end) as tidemill_shares
    from "tidemill_versions__mart__thing"
    where tidemill_next_valid = tidemill_valid
      or tidemill_next_recorded < tidemill_recorded
      or (tidemill_closed and tidemill_next_closed)
    group by "id"
