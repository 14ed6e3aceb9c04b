-- The one company a deal counts for: its primary one, else the first that was associated.
select
  from_id as deal_record_id,
  arg_min(to_id, (coalesce(label, '') not ilike '%primary%', cast(to_id as bigint)))
    as company_record_id
from {{ source('hubspot', 'associations_deals_companies') }}
group by from_id
