-- How warm each contact is, from 0 to 100, and why. Days are counted to the newest engagement we
-- know of, not to the clock, so that the table is the same however often it is built.
with today as (
  select max(cast(occurred_at as date)) as day
  from {{ ref('engagement') }}
  where is_done
),

engagements as (
  select
    contact_id,
    count(*) filter (where occurred_at >= today.day - 90) as recent_engagements,
    max(occurred_at) as last_engaged_at
  from {{ ref('engagement') }}
  cross join today
  where is_done
  group by contact_id
),

cases as (
  select contact_id, count(*) as open_cases
  from {{ ref('case') }}
  where not is_closed
  group by contact_id
),

scored as (
  select
    contacts.contact_id,
    contacts.salesforce_id as salesforce_contact_id,
    contacts.lifecycle,
    coalesce(engagements.recent_engagements, 0) as recent_engagements,
    coalesce(cases.open_cases, 0) as open_cases,
    engagements.last_engaged_at,
    cast(greatest(0, least(100,
      50
      + 10 * least(coalesce(engagements.recent_engagements, 0), 4)
      - 15 * coalesce(cases.open_cases, 0)
      - case when engagements.last_engaged_at is null then 20 else 0 end
      - case when contacts.has_opted_out then 25 else 0 end
      + case when contacts.lifecycle = 'customer' then 10 else 0 end
    )) as bigint) as health_score
  from {{ ref('contact') }} as contacts
  left join engagements using (contact_id)
  left join cases using (contact_id)
)

select
  *,
  case
    when health_score >= 70 then 'healthy'
    when health_score >= 40 then 'neutral'
    else 'at risk'
  end as health_band
from scored
