{{ config(severity='warn') }}

select order_id
from {{ ref('orders') }}
where is_paid and amount = 0
