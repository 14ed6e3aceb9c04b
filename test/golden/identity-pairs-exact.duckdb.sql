insert into "tidemill_found"
  (left_record, right_record, rule, evidence, block, outcome, score)

with members as (

select records.record, records.system, records."key_4" as block
from "tidemill"."identity__mart__thing" as records
inner join "tidemill_blocks" as blocks
  on blocks.rule = 'phone'
  and blocks.records <= $1
  and blocks.block = records."key_4"
)

select
  one.record,
  other.record,
  'phone',
  replace(one.block, '', ' / '),
  one.block,
  'joins',
  cast(0.8 as DOUBLE)
from members as one
inner join members as other
  on other.block = one.block
  and other.record > one.record
  and one.system <> other.system
