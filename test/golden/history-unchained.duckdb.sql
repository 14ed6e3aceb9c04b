    select tidemill_key
    from (
      select hash("id") as tidemill_key,
        valid_from, valid_to
      from "mart"."thing"
      where recorded_to is null
    ) as believed
    group by tidemill_key
    having sum(hash(valid_from)) + hash(case when count(valid_to) = count(*) then max(valid_to) end)
        <> sum(hash(valid_to)) + hash(min(valid_from))
      or count(case when valid_to <= valid_from then 1 end) > 0
