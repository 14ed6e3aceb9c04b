-- One row per person record (contacts of both CRMs, leads), with the keys it is matched by.
with versions as (
  select
    system, record_id, merged_into, is_deleted, first_name, last_name, email, account_record_id,
    cast(null as varchar) as salesforce_contact_id, cast(null as varchar) as merged_record_ids,
    created_at, modified_at, observed_at,
    version_hash, 1 as rank
  from {{ ref('stg_salesforce__contacts') }}
  union all
  select
    system, record_id, merged_into, is_deleted, first_name, last_name, email, null, null, null,
    created_at, modified_at, observed_at, version_hash, 2
  from {{ ref('stg_salesforce__leads') }}
  union all
  select
    system, record_id, cast(null as varchar), is_deleted, first_name, last_name, email, company_record_id,
    salesforce_contact_id, merged_record_ids, created_at, modified_at, observed_at, version_hash, 1
  from {{ ref('stg_hubspot__contacts') }}
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
  newest.merged_into,
  newest.is_deleted,
  newest.email,
  {{ normalize_person('newest.first_name', 'newest.last_name') }} as name_key,
  accounts.account_id,
  newest.salesforce_contact_id,
  newest.merged_record_ids,
  newest.created_at,
  first_seen.first_observed_at,
  newest.rank
from newest
inner join first_seen using (system, record_id)
left join {{ ref('identity_accounts') }} as accounts
  on accounts.system = newest.system and accounts.record_id = newest.account_record_id
