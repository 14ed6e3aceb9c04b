select calendar.day, count(orders.order_id) as orders
from {{ ref('shop_tools', 'calendar') }} as calendar
left join {{ ref('orders') }} as orders on orders.ordered_on = calendar.day
group by all
