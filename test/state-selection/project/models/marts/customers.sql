{{ config(tags=['core', 'nightly'], group='sales') }}
select c.customer_id, c.name, count(o.order_id) as orders
from {{ ref('stg_customers') }} c left join {{ ref('stg_orders') }} o using (customer_id)
group by all
