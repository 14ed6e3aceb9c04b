{{ config(tags=['slow']) }}
select order_id from {{ ref('stg_orders') }} where customer_id not in (select customer_id from {{ ref('customers') }})
