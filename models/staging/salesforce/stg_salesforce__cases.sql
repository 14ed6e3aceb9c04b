-- Every version of every case, named and typed for the canonical layer.
select
  {{ version_columns('salesforce', '"MasterRecordId"') }},
  "CaseNumber" as case_number,
  "Subject" as subject,
  "Status" as status,
  "Priority" as priority,
  "Origin" as origin,
  "IsClosed" as is_closed,
  "ClosedDate" as closed_at,
  "AccountId" as account_record_id,
  "ContactId" as contact_record_id,
  "OwnerId" as owner_record_id,
  "CreatedDate" as created_at
from {{ source('raw_salesforce', 'Case') }}
