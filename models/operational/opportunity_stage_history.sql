-- Each stay of an opportunity in a stage. Salesforce keeps these itself since the opportunity was
-- made; for deals that only HubSpot knows they come from our own history.
with changes as (
  select identity.opportunity_id, stages.stage, stages.entered_at, stages.record_id
  from ({{ newest_versions(ref('stg_salesforce__opportunity_stages')) }}) as stages
  inner join {{ ref('identity_opportunities') }} as identity
    on identity.system = 'salesforce' and identity.record_id = stages.opportunity_record_id
  where not stages.is_deleted
  union all
  select opportunity_id, stage, valid_from, hubspot_id
  from {{ ref('opportunity_history') }}
  where salesforce_id is null and recorded_to is null
),

entries as (
  select *
  from changes
  window stay_order as (partition by opportunity_id order by entered_at, record_id)
  qualify stage is distinct from lag(stage) over stay_order
)

select
  opportunity_id,
  stage,
  entered_at,
  lead(entered_at) over stay_order as left_at,
  date_diff('day', entered_at, lead(entered_at) over stay_order) as days,
  lead(entered_at) over stay_order is null as is_current
from entries
window stay_order as (partition by opportunity_id order by entered_at, record_id)
