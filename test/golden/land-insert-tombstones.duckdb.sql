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
  where _record_id in (select _record_id from "tidemill_gone")
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
),

placed as (
  select
    *,
    row_number() over (partition by _record_id order by _modified_at desc nulls last, _observed_at desc, _deleted desc, _hash desc) as _place
  from "raw_crm"."people"
  where _record_id in (select _record_id from "tidemill_gone")
),

version as (
  select
    coalesce("last_known"."id", "gone"."id") as "id",
    "last_known"."name" as "name",
    "last_known"."age" as "age",
    "last_known"."updated" as "updated",
    "last_known"."gone" as "gone",
    gone._record_id,
    coalesce(gone._modified_at, last_known._modified_at, $3) as _modified_at,
    md5(concat_ws(chr(31), '_deleted', gone._record_id)) as _hash
  from "tidemill_gone" as gone
  left join placed as last_known
    on last_known._record_id = gone._record_id and last_known._place = 1
  where gone._modified_at is not null or not coalesce(last_known._deleted, false)
)

select
    "id",
    "name",
    "age",
    "updated",
    "gone",
    _record_id, _modified_at, true, $4, $5, _hash
from version
where not exists (
  select 1
  from settled
  where settled._hash = version._hash
    and settled._record_id = version._record_id
    and settled._modified_at is not distinct from version._modified_at
)
-- $1 timestamp, $2 timestamp, $3 timestamp, $4 timestamp, $5 string
