insert into "tidemill_found" ("left_record", "right_record", "rule", "evidence", "block", "outcome", "score")
select
  decided.left_record,
  decided.right_record,
  decided.decision,
  decided.why,
  null,
  case when decided.decision = 'same' then 'joins' else 'apart' end,
  cast(1 as DOUBLE)
from (

select left_record, right_record, decision, why
from (
  select
    least(left_record, right_record) as left_record,
    greatest(left_record, right_record) as right_record,
    lower(decision) as decision,
    why as why,
    row_number() over (
      partition by least(left_record, right_record), greatest(left_record, right_record)
      order by decided_at desc nulls last, lower(decision), why nulls last
    ) as rank_of_pair
  from (select nullif(trim(cast("left_record" as VARCHAR)), '') as "left_record", nullif(trim(cast("right_record" as VARCHAR)), '') as "right_record", nullif(trim(cast("decision" as VARCHAR)), '') as "decision", cast("why" as VARCHAR) as why, decided_at as decided_at from "mart"."decisions" where coalesce(nullif(trim(cast("model" as VARCHAR)), ''), $1) = $2) as decisions
) as decided
where rank_of_pair = 1
) as decided
inner join "tidemill"."identity__mart__thing" as one on one.record = decided.left_record
inner join "tidemill"."identity__mart__thing" as other on other.record = decided.right_record
