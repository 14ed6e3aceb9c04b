    insert into "mart"."thing" ("id", "name", "seen", "valid_from", "valid_to", "…")
    select
      "id", "name", "seen", tidemill_valid, tidemill_next_valid, tidemill_next_recorded, tidemill_recorded, null, tidemill_next_valid is null, coalesce(tidemill_next_closed, false), tidemill_next_survivor
    from (
    select "id", "name", "tidemill_valid", "tidemill_recorded", "seen", "tidemill_next_valid", "tidemill_next_recorded", "tidemill_next_closed", "tidemill_next_survivor"
    from (
      select versions.*
      from "tidemill_versions__mart__thing" as versions
      left join "tidemill_late__mart__thing" as late
        on "late"."id" = "versions"."id"
      where late."id" is null
    ) as versions
    where not "tidemill_closed" and not tidemill_same_before and not tidemill_same_after
    union all
    select "id", "name", "tidemill_valid", "tidemill_recorded", "seen", "tidemill_next_valid", "tidemill_next_recorded", "tidemill_next_closed", "tidemill_next_survivor"
    from (
      select "id", "name", "tidemill_valid", "tidemill_recorded", lead("seen") over tidemill_per_run as "seen", lead("tidemill_next_valid") over tidemill_per_run as "tidemill_next_valid", lead("tidemill_next_recorded") over tidemill_per_run as "tidemill_next_recorded", lead("tidemill_next_closed") over tidemill_per_run as "tidemill_next_closed", lead("tidemill_next_survivor") over tidemill_per_run as "tidemill_next_survivor", tidemill_same_after
      from (
      select versions.*
      from "tidemill_versions__mart__thing" as versions
      left join "tidemill_late__mart__thing" as late
        on "late"."id" = "versions"."id"
      where late."id" is null
    ) as versions
      where not "tidemill_closed" and tidemill_same_before <> tidemill_same_after
      window tidemill_per_run as (partition by "id" order by "tidemill_valid")
    ) as runs
    where tidemill_same_after
    ) as intervals
