    insert into "mart"."thing" ("id", "name", "seen", "valid_from", "valid_to", "…")
    select
      "id", "name", "seen", tidemill_valid, tidemill_next_valid, tidemill_next_recorded, tidemill_recorded, null, tidemill_next_valid is null, coalesce(tidemill_next_closed, false), tidemill_next_survivor
    from (
    select * from (
      select versions.*
      from "tidemill_versions__mart__thing" as versions
      left join "tidemill_late__mart__thing" as late
        on "late"."id" = "versions"."id"
      where late."id" is null
    ) as versions
    where not tidemill_closed
    ) as intervals
