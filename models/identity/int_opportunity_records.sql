-- Opportunities and deals, with the keys they are matched by.
with versions as (
  select
    system, record_id, is_deleted, name, account_record_id, amount,
    cast(null as varchar) as salesforce_opportunity_id, created_at, modified_at, observed_at,
    version_hash
  from {{ ref('stg_salesforce__opportunities') }}
  union all
  select
    deals.system, deals.record_id, deals.is_deleted, deals.name, companies.company_record_id,
    deals.amount, deals.salesforce_opportunity_id, deals.created_at, deals.modified_at,
    deals.observed_at, deals.version_hash
  from {{ ref('stg_hubspot__deals') }} as deals
  left join {{ ref('int_hubspot_deal_companies') }} as companies
    on companies.deal_record_id = deals.record_id
),

first_seen as (
  select system, record_id, min(observed_at) as first_observed_at
  from versions
  group by all
),

newest as (
  {{ newest_versions('versions', key='system, record_id') }}
)

select
  newest.system || ':' || newest.record_id as record,
  newest.system,
  newest.record_id,
  newest.is_deleted,
  accounts.account_id,
  newest.salesforce_opportunity_id,
  newest.created_at,
  first_seen.first_observed_at,
  1 as rank
from newest
inner join first_seen using (system, record_id)
left join {{ ref('identity_accounts') }} as accounts
  on accounts.system = newest.system and accounts.record_id = newest.account_record_id
