-- Every version of every contact, named and typed for the canonical layer.
select
  {{ version_columns('salesforce', '"MasterRecordId"') }},
  "FirstName" as first_name,
  "LastName" as last_name,
  {{ normalize_email('"Email"') }} as email,
  coalesce("Phone", "MobilePhone") as phone,
  "Title" as title,
  "AccountId" as account_record_id,
  "OwnerId" as owner_record_id,
  coalesce("HasOptedOutOfEmail", false) as has_opted_out,
  "CreatedDate" as created_at
from {{ source('raw_salesforce', 'Contact') }}
