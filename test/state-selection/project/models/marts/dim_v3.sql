select customer_id, name, orders from {{ ref('customers') }}
