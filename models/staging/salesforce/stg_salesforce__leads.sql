-- Every version of every lead, named and typed for the canonical layer.
select
  {{ version_columns('salesforce', '"MasterRecordId"') }},
  "FirstName" as first_name,
  "LastName" as last_name,
  {{ normalize_email('"Email"') }} as email,
  "Phone" as phone,
  "Title" as title,
  "Company" as company,
  "Status" as status,
  "IsConverted" as is_converted,
  "OwnerId" as owner_record_id,
  "CreatedDate" as created_at
from {{ source('raw_salesforce', 'Lead') }}
