-- Every version of every deal, named and typed for the canonical layer.
select
  {{ version_columns('hubspot') }},
  dealname as name,
  dealstage as stage_id,
  pipeline as pipeline_id,
  cast(amount as decimal(18, 2)) as amount,
  cast(closedate as date) as close_date,
  coalesce(hs_is_closed, false) as is_closed,
  coalesce(hs_is_closed_won, false) as is_won,
  hubspot_owner_id as owner_record_id,
  salesforce_opportunity_id,
  createdate as created_at
from {{ source('raw_hubspot', 'deals') }}
