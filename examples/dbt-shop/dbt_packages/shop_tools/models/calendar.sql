with spine as (
  {{ dbt.date_spine('day', "'" ~ var('calendar_start') ~ "'", "'" ~ var('calendar_end') ~ "'") }}
)

select cast(date_day as date) as day
from spine
