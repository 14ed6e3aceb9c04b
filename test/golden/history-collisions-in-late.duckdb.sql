    select count(*) as rows
    from (
      select "id", "tidemill_content"
      from (
        select distinct "versions"."id", "versions"."tidemill_content", "tidemill_closed" as "tidemill_said_0", case when not "tidemill_closed" then "name" end as "tidemill_said_1"
        from "tidemill_late_versions__mart__thing" as versions
        join (
          select "id", "tidemill_content"
          from "tidemill_late_versions__mart__thing" as late_versions
          group by "id", "tidemill_content"
          having count(*) > 1
        ) as repeated
          on "repeated"."id" = "versions"."id" and "repeated"."tidemill_content" = "versions"."tidemill_content"
      ) as contents
      group by "id", "tidemill_content"
      having count(*) > 1
    ) as collisions
