-- Every version of every email, named and typed for the canonical layer.
select
  {{ version_columns('hubspot') }},
  'email' as kind,
  hs_email_subject as subject,
  hs_timestamp as occurred_at,
  hubspot_owner_id as owner_record_id,
  hs_createdate as created_at
from {{ source('raw_hubspot', 'emails') }}
