-- Every version of every canonical contact: the log its history is derived from.
{{ config(materialized='view') }}

with versions as (
  select
    system, record_id, modified_at, observed_at, is_deleted, version_hash, created_at,
    first_name, last_name, email, phone, title, account_record_id, owner_record_id, has_opted_out,
    cast(null as varchar) as lifecycle
  from {{ ref('stg_salesforce__contacts') }}
  union all
  select
    system, record_id, modified_at, observed_at, is_deleted, version_hash, created_at,
    first_name, last_name, email, phone, title, company_record_id, owner_record_id, null, lifecycle
  from {{ ref('stg_hubspot__contacts') }}
),

-- Accounts and owners differ by system: both become canonical before one is chosen.
placed as (
  select
    versions.* exclude (account_record_id, owner_record_id),
    accounts.account_id,
    users.user_id as owner_id
  from versions
  left join {{ ref('identity_accounts') }} as accounts
    on accounts.system = versions.system and accounts.record_id = versions.account_record_id
  left join {{ ref('identity_users') }} as users
    on users.system = versions.system and users.record_id = versions.owner_record_id
)

select * from (
  {{ composed_versions('placed', ref('identity_contacts'), 'contact_id', [
    'first_name', 'last_name', 'email', 'phone', 'title', 'account_id', 'owner_id', 'lifecycle',
    'has_opted_out', 'created_at',
  ]) }}
)
