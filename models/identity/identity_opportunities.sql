-- Which canonical opportunity each opportunity or deal is. A deal is an opportunity only where it
-- says so: names and amounts repeat too often to guess.
{{ config(
  materialized='identity', canonical_id='opportunity_id', id_prefix='opp', created_at='created_at',
  primary_by=['is_deleted', 'created_at'],
  rules=[
    {'name': 'cross_system_id', 'refers': 'salesforce_opportunity_id', 'to': 'salesforce'},
  ]
) }}
select
  system, record_id, is_deleted, created_at, cast(null as varchar) as salesforce_opportunity_id
from ({{ newest_versions(ref('stg_salesforce__opportunities')) }})
union all
select system, record_id, is_deleted, created_at, salesforce_opportunity_id
from ({{ newest_versions(ref('stg_hubspot__deals')) }})
