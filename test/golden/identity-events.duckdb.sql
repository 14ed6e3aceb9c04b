insert into "mart"."thing_events" (event, from_id, to_id, records, happened_at, run_id)
select
  case
    when to_id is null then 'shrank'
    when from_id is null then 'grew'
    when to_id in (select canonical_id from "tidemill_born") then 'split'
    when from_id in (select "person_id" from "tidemill_after") then 'moved'
    else 'merged'
  end,
  coalesce(from_id, to_id),
  coalesce(to_id, from_id),
  count(*),
  cast('2026-01-01' as timestamp),
  'run'
from (
  select before."person_id" as from_id, now."person_id" as to_id
  from "tidemill_before" as before
  full join "tidemill_after" as now on now.record = before.record
) as changes
where from_id is distinct from to_id
  and (from_id is not null or to_id not in (select canonical_id from "tidemill_born"))
group by from_id, to_id
