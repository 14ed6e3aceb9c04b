-- Every version of every ticket, named and typed for the canonical layer.
select
  {{ version_columns('hubspot') }},
  subject,
  hs_pipeline_stage as stage_id,
  hs_ticket_priority as priority,
  source_type as origin,
  closed_date as closed_at,
  hubspot_owner_id as owner_record_id,
  createdate as created_at
from {{ source('raw_hubspot', 'tickets') }}
