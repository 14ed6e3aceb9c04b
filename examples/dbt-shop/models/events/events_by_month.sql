{{
  config(
    materialized='incremental',
    incremental_strategy='microbatch',
    event_time='happened_at',
    batch_size='month',
    begin='2026-01-01',
    lookback=12,
    schema='=events'
  )
}}

select kind, date_trunc('month', happened_at) as happened_at, count(*) as events
from {{ ref('events') }}
group by all
