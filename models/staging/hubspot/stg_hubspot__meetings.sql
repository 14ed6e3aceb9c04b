-- Every version of every meeting, named and typed for the canonical layer.
select
  {{ version_columns('hubspot') }},
  'meeting' as kind,
  hs_meeting_title as subject,
  hs_timestamp as occurred_at,
  hubspot_owner_id as owner_record_id,
  hs_createdate as created_at
from {{ source('raw_hubspot', 'meetings') }}
