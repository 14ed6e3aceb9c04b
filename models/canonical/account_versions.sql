-- Every version of every canonical account: the log its history is derived from.
{{ config(materialized='view') }}

with versions as (
  select
    system, record_id, modified_at, observed_at, is_deleted, version_hash, created_at,
    name, domain, industry, employees, annual_revenue, city, country, phone, owner_record_id
  from {{ ref('stg_salesforce__accounts') }}
  union all
  select
    system, record_id, modified_at, observed_at, is_deleted, version_hash, created_at,
    name, domain, industry, employees, annual_revenue, city, country, phone, owner_record_id
  from {{ ref('stg_hubspot__companies') }}
),

-- Owners differ by system: both become the canonical user before one is chosen.
owned as (
  select versions.* exclude (owner_record_id), users.user_id as owner_id
  from versions
  left join {{ ref('identity_users') }} as users
    on users.system = versions.system and users.record_id = versions.owner_record_id
)

select * from (
  {{ composed_versions('owned', ref('identity_accounts'), 'account_id', [
    'name', 'domain', 'industry', 'employees', 'annual_revenue', 'city', 'country', 'phone',
    'owner_id', 'created_at',
  ]) }}
)
