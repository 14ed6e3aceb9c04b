update "mart"."thing_ids"
set current_id = resolved.canonical_id
from (
  select coalesce(now.record, before.record) as founder, now."person_id" as canonical_id
  from "tidemill_before" as before
  full join "tidemill_after" as now on now.record = before.record
) as resolved
where "thing_ids".founder = resolved.founder
  and "thing_ids".current_id is distinct from resolved.canonical_id
