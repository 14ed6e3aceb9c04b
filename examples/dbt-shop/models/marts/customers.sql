select
  customers.customer_id,
  customers.customer_name,
  count(orders.order_id) as orders,
  coalesce(sum(orders.amount) filter (where orders.is_paid), 0) as paid_amount
from {{ ref('stg_customers') }} as customers
left join {{ ref('orders') }} as orders using (customer_id)
group by all
