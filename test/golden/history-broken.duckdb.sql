    select
      count(case when valid_to <= valid_from then 1 end) as empty_rows,
      count(case when next_from < coalesce(valid_to, next_from)
        or (valid_to is null and next_from is not null) then 1 end) as overlaps
    from (
      select valid_from, valid_to,
        lead(valid_from) over (
          partition by "id" order by valid_from
        ) as next_from
      from "mart"."thing"
      where recorded_to is null
    ) as believed
