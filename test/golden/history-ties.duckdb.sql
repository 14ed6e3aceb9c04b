    select count(*) as rows
    from (
      select "id", "tidemill_valid", "tidemill_sequence"
      from (
        select distinct "versions"."id", "versions"."tidemill_valid", "versions"."tidemill_sequence", "versions"."name", "versions"."seen", "versions"."tidemill_closed", "versions"."tidemill_survivor"
        from "tidemill_late_versions__mart__thing" as versions
        join (
          select distinct "id", "tidemill_valid"
          from "tidemill_late_versions__mart__thing" as late_versions
          where tidemill_next_valid = tidemill_valid
        ) as shared
          on "shared"."id" = "versions"."id" and "shared"."tidemill_valid" = "versions"."tidemill_valid"
      ) as contents
      group by "id", "tidemill_valid", "tidemill_sequence"
      having count(*) > 1
    ) as ties
