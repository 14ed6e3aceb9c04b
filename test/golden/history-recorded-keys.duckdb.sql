    create temporary table "tidemill_keys__mart__thing" as
    select distinct "id"
    from (
      select * from log
    ) as log
    where "recorded" > cast($1 as TIMESTAMP)
