-- Salesforce contacts for HubSpot: those it lacks, and those a sync has made there already, so that
-- later changes and their company follow.
select
  contacts.salesforce_id as salesforce_contact_id,
  contacts.email,
  contacts.first_name,
  contacts.last_name,
  contacts.title,
  accounts.hubspot_id as hubspot_company_id
from {{ ref('contact') }} as contacts
left join {{ ref('account') }} as accounts using (account_id)
left join ({{ newest_versions(ref('stg_hubspot__contacts')) }}) as people
  on people.record_id = contacts.hubspot_id and not people.is_deleted
where
  contacts.salesforce_id is not null
  and contacts.email is not null
  and (contacts.hubspot_id is null or people.salesforce_contact_id = contacts.salesforce_id)
qualify row_number() over (partition by contacts.email order by contacts.salesforce_id) = 1
