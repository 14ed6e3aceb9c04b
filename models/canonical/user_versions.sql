-- Every version of every user or owner: the log its history is derived from.
{{ config(materialized='view') }}

with versions as (
  select
    system, record_id, modified_at, observed_at, is_deleted, version_hash, created_at,
    name, email, title, department, is_active
  from {{ ref('stg_salesforce__users') }}
  union all
  select
    system, record_id, modified_at, observed_at, is_deleted, version_hash, created_at,
    name, email, null, null, not is_deleted
  from {{ ref('stg_hubspot__owners') }}
)

select * from (
  {{ composed_versions('versions', ref('identity_users'), 'user_id', [
    'name', 'email', 'title', 'department', 'is_active', 'created_at',
  ]) }}
)
