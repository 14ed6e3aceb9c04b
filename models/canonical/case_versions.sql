-- Every version of every case or ticket: the log its history is derived from.
{{ config(materialized='view') }}

with versions as (
  select
    system, record_id, modified_at, observed_at, is_deleted, version_hash, created_at,
    subject, status, priority, origin, is_closed, closed_at, account_record_id, contact_record_id,
    owner_record_id
  from {{ ref('stg_salesforce__cases') }}
  union all
  select
    tickets.system, tickets.record_id, tickets.modified_at, tickets.observed_at,
    tickets.is_deleted, tickets.version_hash, tickets.created_at, tickets.subject,
    coalesce(stages.label, tickets.stage_id), tickets.priority, tickets.origin,
    tickets.closed_at is not null, tickets.closed_at, null, null, tickets.owner_record_id
  from {{ ref('stg_hubspot__tickets') }} as tickets
  left join {{ ref('stg_hubspot__ticket_stages') }} as stages on stages.stage_id = tickets.stage_id
)

select
  'cas_' || substr(md5(versions.system || ':' || versions.record_id), 1, 16) as case_id,
  versions.modified_at,
  versions.observed_at,
  row_number() over (
    partition by versions.system, versions.record_id
    order by versions.modified_at, versions.observed_at, versions.version_hash
  ) as sequence,
  versions.is_deleted,
  versions.system,
  versions.record_id,
  versions.subject,
  versions.status,
  lower(versions.priority) as priority,
  lower(versions.origin) as origin,
  versions.is_closed,
  versions.closed_at,
  accounts.account_id,
  contacts.contact_id,
  users.user_id as owner_id,
  versions.created_at
from versions
left join {{ ref('identity_accounts') }} as accounts
  on accounts.system = versions.system and accounts.record_id = versions.account_record_id
left join {{ ref('identity_contacts') }} as contacts
  on contacts.system = versions.system and contacts.record_id = versions.contact_record_id
left join {{ ref('identity_users') }} as users
  on users.system = versions.system and users.record_id = versions.owner_record_id
