-- One row per account or company record, deleted ones included, with the keys it is matched by.
with newest as (
  select
    system, record_id, merged_into, is_deleted, name, domain, created_at,
    cast(null as varchar) as salesforce_account_id, cast(null as varchar) as merged_record_ids
  from ({{ newest_versions(ref('stg_salesforce__accounts')) }})
  union all
  select
    system, record_id, merged_into, is_deleted, name, domain, created_at, salesforce_account_id,
    merged_record_ids
  from ({{ newest_versions(ref('stg_hubspot__companies')) }})
),

first_seen as (
  select system, record_id, min(observed_at) as first_observed_at
  from {{ ref('stg_salesforce__accounts') }}
  group by all
  union all
  select system, record_id, min(observed_at)
  from {{ ref('stg_hubspot__companies') }}
  group by all
)

select
  newest.system || ':' || newest.record_id as record,
  newest.system,
  newest.record_id,
  newest.merged_into,
  newest.is_deleted,
  newest.domain,
  {{ normalize_company('newest.name') }} as name_key,
  newest.salesforce_account_id,
  newest.merged_record_ids,
  newest.created_at,
  first_seen.first_observed_at,
  1 as rank
from newest
inner join first_seen using (system, record_id)
