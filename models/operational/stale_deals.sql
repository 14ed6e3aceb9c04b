-- Open opportunities that nobody has touched for a while. A view: it is right on the day it is read.
{{ config(materialized='view') }}

with touched as (
  select account_id, max(occurred_at) as last_engaged_at
  from {{ ref('engagement') }}
  group by account_id
)

select
  opportunities.opportunity_id,
  opportunities.name,
  accounts.name as account_name,
  owners.name as owner_name,
  opportunities.stage,
  opportunities.amount,
  opportunities.close_date,
  greatest(opportunities.modified_at, touched.last_engaged_at) as last_touched_at,
  date_diff('day', greatest(opportunities.modified_at, touched.last_engaged_at), current_date)
    as days_untouched
from {{ ref('opportunity') }} as opportunities
left join touched using (account_id)
left join {{ ref('account') }} as accounts using (account_id)
left join {{ ref('user') }} as owners on owners.user_id = opportunities.owner_id
where not opportunities.is_closed and days_untouched >= {{ var('stale_after_days', 30) }}
