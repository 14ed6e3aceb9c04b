-- Every version of every company, named and typed for the canonical layer.
select
  {{ version_columns('hubspot') }},
  name,
  {{ normalize_domain('coalesce(domain, website)') }} as domain,
  industry,
  cast(numberofemployees as bigint) as employees,
  cast(annualrevenue as decimal(18, 2)) as annual_revenue,
  city,
  country,
  phone,
  hubspot_owner_id as owner_record_id,
  salesforce_account_id,
  hs_merged_object_ids as merged_record_ids,
  createdate as created_at
from {{ source('raw_hubspot', 'companies') }}
