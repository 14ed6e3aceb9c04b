-- Everything a rep wants to know of an account before a call, one row per account.
with contacts as (
  select account_id, count(*) as contacts
  from {{ ref('contact') }}
  group by account_id
),

opportunities as (
  select
    account_id,
    count(*) filter (where not is_closed) as open_opportunities,
    coalesce(sum(amount) filter (where not is_closed), 0) as open_amount,
    count(*) filter (where is_won) as won_opportunities,
    coalesce(sum(amount) filter (where is_won), 0) as won_amount,
    max(close_date) filter (where is_won) as last_won_on
  from {{ ref('opportunity') }}
  group by account_id
),

cases as (
  select account_id, count(*) filter (where not is_closed) as open_cases
  from {{ ref('case') }}
  group by account_id
),

engagements as (
  select account_id, max(occurred_at) as last_engaged_at, count(*) as engagements
  from {{ ref('engagement') }}
  group by account_id
)

select
  accounts.account_id,
  accounts.name,
  accounts.domain,
  accounts.industry,
  accounts.country,
  accounts.employees,
  accounts.annual_revenue,
  owners.name as owner_name,
  coalesce(contacts.contacts, 0) as contacts,
  coalesce(opportunities.open_opportunities, 0) as open_opportunities,
  coalesce(opportunities.open_amount, 0) as open_amount,
  coalesce(opportunities.won_opportunities, 0) as won_opportunities,
  coalesce(opportunities.won_amount, 0) as won_amount,
  opportunities.last_won_on,
  coalesce(cases.open_cases, 0) as open_cases,
  coalesce(engagements.engagements, 0) as engagements,
  engagements.last_engaged_at,
  accounts.salesforce_id,
  accounts.hubspot_id
from {{ ref('account') }} as accounts
left join contacts using (account_id)
left join opportunities using (account_id)
left join cases using (account_id)
left join engagements using (account_id)
left join {{ ref('user') }} as owners on owners.user_id = accounts.owner_id
