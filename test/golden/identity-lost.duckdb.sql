create temporary table "tidemill_lost" as
select "left_record", "right_record", "rule", "evidence", "block", "outcome", "score"
from "mart"."thing_matches" as matches
where exists (
  select 1
  from "tidemill_affected" as affected
  where affected.rule = matches.rule and affected.block = matches.block
)
union all
select "left_record", "right_record", "rule", "evidence", "block", "outcome", "score"
from "mart"."thing_matches"
where rule in ($1, $2)
union all
select "left_record", "right_record", "rule", "evidence", "block", "outcome", "score"
from "mart"."thing_matches"
where rule in ($3, $4)
  and (
    left_record in (select record from "tidemill_changed")
    or right_record in (select record from "tidemill_changed")
  )
