select
  payment_id,
  order_id,
  method,
  {{ shop_tools.cents_to_money('amount_cents') }} as amount
from {{ ref('raw_payments') }}
