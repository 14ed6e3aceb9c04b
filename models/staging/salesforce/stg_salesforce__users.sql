-- Every version of every user, named and typed for the canonical layer.
select
  {{ version_columns('salesforce') }},
  "Name" as name,
  {{ normalize_email('"Email"') }} as email,
  "Title" as title,
  "Department" as department,
  "IsActive" as is_active,
  "ManagerId" as manager_record_id,
  "CreatedDate" as created_at
from {{ source('raw_salesforce', 'User') }}
