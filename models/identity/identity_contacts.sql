-- Which canonical contact each contact or lead record belongs to, deleted ones included. Names that
-- are only alike join nobody: they are for a person to decide.
{{ config(
  materialized='identity', canonical_id='contact_id', id_prefix='con', created_at='created_at',
  primary_by=['is_deleted', 'rank', 'created_at'], decisions='identity_decisions',
  rules=[
    {'name': 'crm_merge', 'refers': 'merged_into'},
    {'name': 'crm_merged', 'refers': 'merged_record_ids', 'separator': ';'},
    {'name': 'cross_system_id', 'refers': 'salesforce_contact_id', 'to': 'salesforce'},
    {'name': 'email', 'exact': 'email', 'score': 0.95},
    {'name': 'name_at_account', 'exact': ['account_id', 'name_key'], 'score': 0.75,
      'where': "name_key like '% %'"},
    {'name': 'similar_name', 'fuzzy': 'name_key', 'block': 'account_id', 'threshold': 1.0,
      'review': 0.93, 'where': "name_key like '% %'"},
  ]
) }}
with versions as (
  select
    system, record_id, merged_into, is_deleted, first_name, last_name, email, account_record_id,
    cast(null as varchar) as salesforce_contact_id, cast(null as varchar) as merged_record_ids,
    created_at, modified_at, observed_at, version_hash, 1 as rank
  from {{ ref('stg_salesforce__contacts') }}
  union all
  select
    system, record_id, merged_into, is_deleted, first_name, last_name, email, null, null, null,
    created_at, modified_at, observed_at, version_hash, 2
  from {{ ref('stg_salesforce__leads') }}
  union all
  select
    system, record_id, null, is_deleted, first_name, last_name, email, company_record_id,
    salesforce_contact_id, merged_record_ids, created_at, modified_at, observed_at, version_hash, 1
  from {{ ref('stg_hubspot__contacts') }}
)

select
  newest.* exclude (account_record_id),
  {{ normalize_person('newest.first_name', 'newest.last_name') }} as name_key,
  accounts.account_id
from ({{ newest_versions('versions', key='system, record_id') }}) as newest
left join {{ ref('identity_accounts') }} as accounts
  on accounts.system = newest.system and accounts.record_id = newest.account_record_id
