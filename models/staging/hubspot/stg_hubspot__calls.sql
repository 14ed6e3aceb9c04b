-- Every version of every call, named and typed for the canonical layer.
select
  {{ version_columns('hubspot') }},
  'call' as kind,
  hs_call_title as subject,
  hs_timestamp as occurred_at,
  hubspot_owner_id as owner_record_id,
  hs_createdate as created_at
from {{ source('raw_hubspot', 'calls') }}
