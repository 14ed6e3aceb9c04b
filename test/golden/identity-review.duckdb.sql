insert into "mart"."thing_review"
  (left_record, right_record, left_id, right_id, reason, rule, evidence, score)
select left_record, right_record, left_id, right_id, reason, rule, evidence, score
from (
  select
    matches.left_record,
    matches.right_record,
    one."person_id" as left_id,
    other."person_id" as right_id,
    case when matches.outcome = 'joins' then 'cut' else 'doubtful' end as reason,
    matches.rule,
    matches.evidence,
    matches.score,
    row_number() over (
      partition by matches.left_record, matches.right_record
      order by
        case when matches.outcome = 'joins' then 0 else 1 end,
        matches.score desc,
        matches.rule
    ) as rank_of_pair
  from (
    select *
    from "mart"."thing_matches"
    where outcome in ('joins', 'doubtful')
  and ((
    "left_record" in (select record from "tidemill_scope")
    or "left_record" in (select record from "tidemill_before")
  ) or (
    "right_record" in (select record from "tidemill_scope")
    or "right_record" in (select record from "tidemill_before")
  ))
  ) as matches
  inner join "mart"."thing" as one on one.record = matches.left_record
  inner join "mart"."thing" as other on other.record = matches.right_record
  where not exists (
    select 1
    from "mart"."thing_matches" as decisions
    where decisions.rule in ($1, $2)
      and decisions.left_record = matches.left_record
      and decisions.right_record = matches.right_record
      and decisions.rule <> matches.rule
  )
) as ranked
where rank_of_pair = 1 and left_id <> right_id
