insert into "raw_crm"."people" (
    "id",
    "name",
    "age",
    "updated",
    "gone",
    _record_id, _modified_at, _deleted, _observed_at, _batch_id, _hash
)
with known as (
  select _record_id, _modified_at, _observed_at, _deleted, _hash
  from "raw_crm"."people"
  where _record_id in (select _record_id from "tidemill_stage")
),

ranked as (
  select
    *,
    row_number() over (
      partition by _record_id, _modified_at
      order by _observed_at desc, _deleted desc, _hash desc
    ) as _place
  from known
  where _observed_at < $1
),

settled as (
  select _record_id, _modified_at, _hash from ranked where _place = 1
  union all
  select _record_id, _modified_at, _hash from known where _observed_at >= $2
)

select
    "id",
    "name",
    "age",
    "updated",
    "gone",
    _record_id, _modified_at, _deleted, $3, $4, _hash
from "tidemill_stage" as version
where not exists (
  select 1
  from settled
  where settled._hash = version._hash
    and settled._record_id = version._record_id
    and settled._modified_at is not distinct from version._modified_at
)
-- $1 timestamp, $2 timestamp, $3 timestamp, $4 string
