create temporary table "tidemill_gone" as
select
    _record_id,
    cast(null as TIMESTAMP) as _modified_at,
    "id" as "id"
from "crm"."people" as live
where _observed_at < (select max(started_at) from tidemill.scans where connection = $1 and stream = $2)
  and not exists (
    select 1 from (select record_id from tidemill.scan_keys where connection = $3 and stream = $4) as seen where seen.record_id = live._record_id
  )
-- $1 string, $2 string, $3 string, $4 string
