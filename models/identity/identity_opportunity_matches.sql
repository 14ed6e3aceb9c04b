-- A deal is an opportunity only where it says so: names and amounts repeat too often to guess.
with records as (
  select * from {{ ref('int_opportunity_records') }}
)

select
  'salesforce:' || salesforce_opportunity_id as left_record,
  record as right_record,
  'cross_system_id' as rule,
  1.0 as score
from records
where 'salesforce:' || salesforce_opportunity_id in (select record from records)
