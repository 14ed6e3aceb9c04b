-- What each HubSpot company has bought, from the closed-won opportunities of both CRMs.
select
  accounts.hubspot_id as hubspot_company_id,
  count(opportunities.opportunity_id) as closed_won_deals,
  coalesce(sum(opportunities.amount), 0) as closed_won_amount,
  max(opportunities.close_date) as last_won_on
from {{ ref('account') }} as accounts
inner join {{ ref('opportunity') }} as opportunities
  on opportunities.account_id = accounts.account_id and opportunities.is_won
where accounts.hubspot_id is not null
group by accounts.hubspot_id
