-- The health of the contacts that Salesforce knows: what the sync writes back to them.
select salesforce_contact_id, health_score, health_band, lifecycle
from {{ ref('contact_health') }}
where salesforce_contact_id is not null
