-- An opportunity is in one stage at a time.
select opportunity_id
from {{ ref('opportunity_stage_history') }}
where is_current
group by opportunity_id
having count(*) > 1
