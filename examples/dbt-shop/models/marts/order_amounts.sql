{{ config(materialized='ephemeral') }}

{%- set methods = ['card', 'voucher', 'transfer'] %}

select
  order_id,
  {%- for method in methods %}
  coalesce(sum(case when method = '{{ method }}' then amount end), 0) as {{ method }}_amount,
  {%- endfor %}
  sum(amount) as amount
from {{ ref('stg_payments') }}
group by order_id
