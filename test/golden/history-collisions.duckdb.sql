    select count(*) as rows
    from (
      select "id", "tidemill_content"
      from (
        select distinct "versions"."id", "versions"."tidemill_content", "tidemill_closed" as "tidemill_said_0", case when not "tidemill_closed" then "name" end as "tidemill_said_1"
        from "tidemill_versions" as versions
        left join "tidemill_late" as late
          on "late"."id" = "versions"."id"
        where tidemill_same_before or tidemill_same_after or "late"."id" is not null
      ) as contents
      group by "id", "tidemill_content"
      having count(*) > 1
    ) as collisions
