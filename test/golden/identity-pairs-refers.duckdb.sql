insert into "tidemill_found"
  (left_record, right_record, rule, evidence, block, outcome, score)

with naming as (

select record, system, system || ':' || trim(reference) as named
from (
  select record, system, unnest(string_split("key_1", ';')) as reference
  from "tidemill"."identity__mart__thing" as records
  where "key_1" is not null
) as references_of_records
),

named as (
  select one.record as naming, one.named, other.record as found
  from naming as one
  inner join "tidemill"."identity__mart__thing" as other
    on other.record = one.named
    and other.record <> one.record
  and "one".record in (select record from "tidemill_changed")
  union
  select one.record as naming, one.named, other.record as found
  from naming as one
  inner join "tidemill"."identity__mart__thing" as other
    on other.record = one.named
    and other.record <> one.record
  and "other".record in (select record from "tidemill_changed")
)

select
  least(naming, found),
  greatest(naming, found),
  'merge',
  min(naming || ' names ' || named),
  null,
  'joins',
  cast(1 as DOUBLE)
from named
group by least(naming, found), greatest(naming, found)
