-- Salesforce accounts for HubSpot: those it lacks, and those a sync has made there already, so that
-- later changes follow.
select
  accounts.salesforce_id as salesforce_account_id,
  accounts.name,
  accounts.domain,
  accounts.city,
  accounts.country,
  accounts.phone
from {{ ref('account') }} as accounts
left join ({{ newest_versions(ref('stg_hubspot__companies')) }}) as companies
  on companies.record_id = accounts.hubspot_id and not companies.is_deleted
where
  accounts.salesforce_id is not null
  and (accounts.hubspot_id is null or companies.salesforce_account_id = accounts.salesforce_id)
