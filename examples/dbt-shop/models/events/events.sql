{{ config(materialized='table', schema='=events') }}
-- depends_on: {{ ref('raw_events') }}
select event_id, order_id, kind, cast(happened_at as timestamp) as happened_at
from {{ source('shop_raw', 'raw_events') }}
