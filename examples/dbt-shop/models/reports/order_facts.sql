select
  cast(order_id as integer) as order_id,
  cast(customer_id as bigint) as customer_id,
  cast(amount as decimal(18, 2)) as amount,
  is_paid
from {{ ref('orders') }}
