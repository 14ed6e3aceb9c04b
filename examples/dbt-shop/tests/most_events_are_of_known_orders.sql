{{ config(severity='warn', warn_if='>1') }}

select events.event_id
from {{ ref('events') }} as events
left join {{ ref('orders') }} as orders using (order_id)
where orders.order_id is null
