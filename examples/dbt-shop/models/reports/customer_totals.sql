{{
  config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['customer_id', 'status'],
    on_schema_change='sync_all_columns'
  )
}}

select
  customer_id,
  status,
  count(*) as orders,
  {% if var('with_amount', false) %}sum(amount) as amount,{% endif %}
  max(ordered_on) as last_ordered_on
from {{ ref('orders') }}
group by customer_id, status
