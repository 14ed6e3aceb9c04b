{{ config(materialized='incremental', incremental_strategy='append', schema='=events') }}

select event_id, kind, happened_at
from {{ ref('events') }}
{% if is_incremental() %}
where event_id > (select coalesce(max(event_id), 0) from {{ this }})
{% endif %}
