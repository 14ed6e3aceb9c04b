{{
  config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='order_id',
    on_schema_change='append_new_columns'
  )
}}

select
  orders.order_id,
  orders.customer_id,
  orders.ordered_on,
  orders.status,
  orders.status in {{ in_list(var('paid_statuses')) }} as is_paid,
  coalesce(amounts.amount, 0) as amount
from {{ ref('stg_orders') }} as orders
left join {{ ref('order_amounts') }} as amounts using (order_id)
{% if is_incremental() %}
where orders.ordered_on >= (select max(ordered_on) from {{ this }})
{% endif %}
