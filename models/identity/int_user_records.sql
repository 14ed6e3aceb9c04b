-- Salesforce users and HubSpot owners are the same person when their e-mail is.
with versions as (
  select system, record_id, is_deleted, email, created_at, modified_at, observed_at, version_hash
  from {{ ref('stg_salesforce__users') }}
  union all
  select system, record_id, is_deleted, email, created_at, modified_at, observed_at, version_hash
  from {{ ref('stg_hubspot__owners') }}
)

select
  system || ':' || record_id as record,
  system,
  record_id,
  max_by(is_deleted, modified_at) as is_deleted,
  max_by(email, modified_at) as email,
  min(created_at) as created_at,
  min(observed_at) as first_observed_at,
  1 as rank
from versions
group by system, record_id
