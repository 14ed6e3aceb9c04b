select latest.customer_id, latest.score, first.score as first_score
from {{ ref('customer_scores') }} as latest
join {{ ref('customer_scores', v=1) }} as first using (customer_id)
where latest.score > 0
