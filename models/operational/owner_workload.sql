-- What each colleague has on their desk.
with opportunities as (
  select owner_id, count(*) as open_opportunities, coalesce(sum(amount), 0) as open_amount
  from {{ ref('opportunity') }}
  where not is_closed
  group by owner_id
),

cases as (
  select owner_id, count(*) as open_cases
  from {{ ref('case') }}
  where not is_closed
  group by owner_id
),

accounts as (
  select owner_id, count(*) as accounts
  from {{ ref('account') }}
  group by owner_id
),

engagements as (
  select owner_id, count(*) filter (where is_done) as engagements,
    count(*) filter (where not is_done) as open_tasks
  from {{ ref('engagement') }}
  group by owner_id
)

select
  users.user_id,
  users.name,
  users.is_active,
  coalesce(accounts.accounts, 0) as accounts,
  coalesce(opportunities.open_opportunities, 0) as open_opportunities,
  coalesce(opportunities.open_amount, 0) as open_amount,
  coalesce(cases.open_cases, 0) as open_cases,
  coalesce(engagements.open_tasks, 0) as open_tasks,
  coalesce(engagements.engagements, 0) as engagements
from {{ ref('user') }} as users
left join opportunities on opportunities.owner_id = users.user_id
left join cases on cases.owner_id = users.user_id
left join accounts on accounts.owner_id = users.user_id
left join engagements on engagements.owner_id = users.user_id
