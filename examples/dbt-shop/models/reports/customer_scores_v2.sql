select customer_id, orders * 10 + cast(paid_amount as integer) as score, paid_amount
from {{ ref('customers') }}
