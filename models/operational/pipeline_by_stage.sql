-- The pipeline as it stands: how many opportunities each stage holds, what they are worth, how
-- many of those that ever passed through were won, and how long they stay.
with current_stage as (
  select stage, count(*) as opportunities, coalesce(sum(amount), 0) as amount
  from {{ ref('opportunity') }}
  group by stage
),

passed as (
  select
    stays.stage,
    count(distinct stays.opportunity_id) as ever,
    count(distinct stays.opportunity_id) filter (where opportunities.is_won) as ever_won,
    median(stays.days) filter (where not stays.is_current) as median_days
  from {{ ref('opportunity_stage_history') }} as stays
  inner join {{ ref('opportunity') }} as opportunities using (opportunity_id)
  group by stays.stage
)

select
  current_stage.stage,
  current_stage.opportunities,
  current_stage.amount,
  round(passed.ever_won / nullif(passed.ever, 0), 3) as won_share,
  passed.median_days as median_days_in_stage
from current_stage
left join passed using (stage)
