    select count(*) as rows
    from (
      select "id", "tidemill_valid", "tidemill_sequence"
      from (
        select distinct "id", "tidemill_valid", "tidemill_sequence", "name", "seen", "tidemill_closed", "tidemill_survivor"
        from "tidemill_versions" as versions
        where exists (
          select 1
          from (
            select distinct "id", "tidemill_valid"
            from "tidemill_versions"
            where tidemill_next_valid = tidemill_valid
          ) as shared
          where "shared"."id" = "versions"."id" and "shared"."tidemill_valid" = "versions"."tidemill_valid"
        )
      ) as contents
      group by "id", "tidemill_valid", "tidemill_sequence"
      having count(*) > 1
    ) as ties
