-- Every version of every task, meeting, call or e-mail: the log its history is derived from.
{{ config(materialized='view') }}

with versions as (
  {% for model in ['tasks', 'events'] -%}
  select
    system, record_id, modified_at, observed_at, is_deleted, version_hash, created_at,
    kind, subject, occurred_at, is_done, person_record_id, related_record_id, owner_record_id
  from {{ ref('stg_salesforce__' ~ model) }}
  union all
  {% endfor -%}
  {% for model in ['calls', 'meetings', 'emails'] -%}
  select
    engagements.system, '{{ model }}/' || engagements.record_id, engagements.modified_at,
    engagements.observed_at, engagements.is_deleted, engagements.version_hash,
    engagements.created_at, engagements.kind, engagements.subject, engagements.occurred_at, true,
    people.contact_record_id, null, engagements.owner_record_id
  from {{ ref('stg_hubspot__' ~ model) }} as engagements
  left join (
    select from_id, min_by(to_id, cast(to_id as bigint)) as contact_record_id
    from {{ source('hubspot', 'associations_' ~ model ~ '_contacts') }}
    group by from_id
  ) as people on people.from_id = engagements.record_id
  {{ 'union all' if not loop.last }}
  {% endfor %}
)

select
  'eng_' || substr(md5(versions.system || ':' || versions.record_id), 1, 16) as engagement_id,
  versions.modified_at,
  versions.observed_at,
  row_number() over (
    partition by versions.system, versions.record_id
    order by versions.modified_at, versions.observed_at, versions.version_hash
  ) as sequence,
  versions.is_deleted,
  versions.system,
  versions.record_id,
  versions.kind,
  versions.subject,
  versions.occurred_at,
  versions.is_done,
  people.contact_id,
  coalesce(accounts.account_id, opportunities.account_id, contacts.account_id) as account_id,
  users.user_id as owner_id,
  versions.created_at
from versions
left join {{ ref('identity_contacts') }} as people
  on people.system = versions.system and people.record_id = versions.person_record_id
left join {{ ref('contact') }} as contacts on contacts.contact_id = people.contact_id
left join {{ ref('identity_accounts') }} as accounts
  on accounts.system = versions.system and accounts.record_id = versions.related_record_id
left join {{ ref('opportunity') }} as opportunities
  on opportunities.salesforce_id = versions.related_record_id
left join {{ ref('identity_users') }} as users
  on users.system = versions.system and users.record_id = versions.owner_record_id
