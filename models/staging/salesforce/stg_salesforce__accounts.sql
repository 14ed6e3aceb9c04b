-- Every version of every account, named and typed for the canonical layer.
select
  {{ version_columns('salesforce', '"MasterRecordId"') }},
  "Name" as name,
  {{ normalize_domain('"Website"') }} as domain,
  "Industry" as industry,
  "NumberOfEmployees" as employees,
  cast("AnnualRevenue" as decimal(18, 2)) as annual_revenue,
  "BillingCity" as city,
  "BillingCountry" as country,
  "Phone" as phone,
  "OwnerId" as owner_record_id,
  "CreatedDate" as created_at
from {{ source('raw_salesforce', 'Account') }}
