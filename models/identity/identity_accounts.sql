-- Which canonical account each account or company record belongs to, deleted ones included.
{{ config(
  materialized='identity', canonical_id='account_id', id_prefix='acc', created_at='created_at',
  primary_by=['is_deleted', 'created_at'], decisions='identity_decisions',
  rules=[
    {'name': 'crm_merge', 'refers': 'merged_into'},
    {'name': 'crm_merged', 'refers': 'merged_record_ids', 'separator': ';'},
    {'name': 'cross_system_id', 'refers': 'salesforce_account_id', 'to': 'salesforce'},
    {'name': 'domain', 'exact': 'domain', 'score': 0.95},
    {'name': 'name', 'exact': normalize_company('name'), 'score': 0.8,
      'where': 'length(' ~ normalize_company('name') ~ ') >= 4'},
  ]
) }}
select
  system, record_id, merged_into, is_deleted, name, domain, created_at,
  cast(null as varchar) as salesforce_account_id, cast(null as varchar) as merged_record_ids
from ({{ newest_versions(ref('stg_salesforce__accounts')) }})
union all
select
  system, record_id, merged_into, is_deleted, name, domain, created_at, salesforce_account_id,
  merged_record_ids
from ({{ newest_versions(ref('stg_hubspot__companies')) }})
