    select "id", "name", "seen"
    from (
      select
        *,
        row_number() over (partition by "id" order by "seen" desc nulls last, "name" desc nulls last) as tidemill_rank
      from (
        select * from log
      ) as batch
    ) as ranked
    where tidemill_rank = 1 or "id" is null
