    select
      count(*) as rows,
      count("recorded") as placed,
      cast(max("recorded") as VARCHAR) as recorded,
      count(case when "recorded" <= cast($1 as TIMESTAMP) then 1 end) as standing
    from (
      select * from log
    ) as log
