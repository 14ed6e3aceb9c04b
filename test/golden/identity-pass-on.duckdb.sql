update "mart"."thing_ids"
set founder = heirs.heir
from (
  select gone.record as founder, by_age.record as heir
  from (
    select record, "person_id" as canonical_id
    from "tidemill_before"
    where record not in (select record from "tidemill"."identity__mart__thing")
  ) as gone
  inner join (
    select
      left_over."person_id" as canonical_id,
      records.record,
      row_number() over (
        partition by left_over."person_id"
        order by records.created_at nulls last, records.record
      ) as age
    from "tidemill_before" as left_over
    inner join "tidemill"."identity__mart__thing" as records on records.record = left_over.record
  ) as by_age on by_age.canonical_id = gone.canonical_id and by_age.age = 1
) as heirs
where "thing_ids".founder = heirs.founder
