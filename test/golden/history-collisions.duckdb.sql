    select count(*) as rows
    from (
      select "id", "tidemill_content"
      from (
        select "id", "tidemill_content", "tidemill_closed" as "tidemill_said_0", case when not "tidemill_closed" then "name" end as "tidemill_said_1"
        from "tidemill_versions" as versions
        where tidemill_same_before or tidemill_same_after
        union
        select "id", "tidemill_content", "tidemill_closed" as "tidemill_said_0", case when not "tidemill_closed" then "name" end as "tidemill_said_1"
        from (
      select versions.*
      from "tidemill_versions" as versions
      join "tidemill_late" as late
        on "late"."id" = "versions"."id"
    ) as versions
      ) as contents
      group by "id", "tidemill_content"
      having count(*) > 1
    ) as collisions
