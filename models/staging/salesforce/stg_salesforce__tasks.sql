-- Every version of every task, named and typed for the canonical layer.
select
  {{ version_columns('salesforce') }},
  case when "TaskSubtype" in ('Call', 'Email') then lower("TaskSubtype") else 'task' end as kind,
  "Subject" as subject,
  coalesce("CompletedDateTime", cast("ActivityDate" as timestamp), "CreatedDate") as occurred_at,
  "IsClosed" as is_done,
  "WhoId" as person_record_id,
  "WhatId" as related_record_id,
  "OwnerId" as owner_record_id,
  "CreatedDate" as created_at
from {{ source('raw_salesforce', 'Task') }}
