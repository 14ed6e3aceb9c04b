insert into "tidemill_found"
  (left_record, right_record, rule, evidence, block, outcome, score)

with members as (

select records.record, records.system, records."key_5" as block, records."value_5" as value, records."agree_5_1"
from "tidemill"."identity__mart__thing" as records
inner join "tidemill_blocks" as blocks
  on blocks.rule = 'similar_name'
  and blocks.records <= $1
  and blocks.block = records."key_5"
),

pairs as (
  select
    one.record as left_record,
    other.record as right_record,
    one.value || ' ~ ' || other.value || ' (' || replace(one.block, '', ' / ') || ')' as evidence,
    one.block,
    case
  when strlen(one.value) + strlen(other.value) = length(one.value) + length(other.value)
    or len(list_distinct(regexp_extract_all(one.value || other.value, '[^ -~]'))) > 31
    then jaro_winkler_similarity(one.value, other.value)
  else jaro_winkler_similarity(translate(one.value, array_to_string(list_distinct(regexp_extract_all(one.value || other.value, '[^ -~]')), ''), array_to_string(
    list_transform(range(1, 32), lambda n: chr(cast(n as integer))), '')), translate(other.value, array_to_string(list_distinct(regexp_extract_all(one.value || other.value, '[^ -~]')), ''), array_to_string(
    list_transform(range(1, 32), lambda n: chr(cast(n as integer))), '')))
end as score
  from members as one
  inner join members as other
    on other.block = one.block
    and other.record > one.record
  and coalesce(one."agree_5_1" = other."agree_5_1", true)
)

select
  left_record,
  right_record,
  'similar_name',
  evidence,
  block,
  case when score >= cast(0.93 as DOUBLE) then 'joins' else 'doubtful' end,
  score
from pairs
where score >= cast(0.8 as DOUBLE)
