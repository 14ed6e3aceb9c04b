select * from {{ ref('stg_orders') }} cross join {{ source('crm', 'events') }}
