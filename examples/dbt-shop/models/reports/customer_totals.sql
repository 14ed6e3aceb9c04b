{{
  config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='customer_id',
    on_schema_change='sync_all_columns'
  )
}}

select
  customer_id,
  count(*) as orders,
  max(ordered_on) as last_ordered_on
  {% if var('with_amount', false) %}, sum(amount) as amount{% endif %}
from {{ ref('orders') }}
group by customer_id
