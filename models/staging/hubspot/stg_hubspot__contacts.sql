-- Every version of every contact, named and typed for the canonical layer.
select
  {{ version_columns('hubspot') }},
  firstname as first_name,
  lastname as last_name,
  {{ normalize_email('email') }} as email,
  coalesce(phone, mobilephone) as phone,
  jobtitle as title,
  lifecyclestage as lifecycle,
  cast(associatedcompanyid as varchar) as company_record_id,
  hubspot_owner_id as owner_record_id,
  salesforce_contact_id,
  hs_merged_object_ids as merged_record_ids,
  createdate as created_at
from {{ source('raw_hubspot', 'contacts') }}
