-- Every version of every event, named and typed for the canonical layer.
select
  {{ version_columns('salesforce') }},
  'meeting' as kind,
  "Subject" as subject,
  coalesce("StartDateTime", cast("ActivityDate" as timestamp), "CreatedDate") as occurred_at,
  true as is_done,
  "WhoId" as person_record_id,
  "WhatId" as related_record_id,
  "OwnerId" as owner_record_id,
  "CreatedDate" as created_at
from {{ source('raw_salesforce', 'Event') }}
