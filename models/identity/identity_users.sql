-- Which canonical user each Salesforce user or HubSpot owner is: the same person by e-mail address.
{{ config(
  materialized='identity', canonical_id='user_id', id_prefix='usr', created_at='created_at',
  primary_by=['is_deleted', 'created_at'],
  rules=[{'name': 'email', 'exact': 'email'}]
) }}
select system, record_id, is_deleted, email, created_at
from ({{ newest_versions(ref('stg_salesforce__users')) }})
union all
select system, record_id, is_deleted, email, created_at
from ({{ newest_versions(ref('stg_hubspot__owners')) }})
