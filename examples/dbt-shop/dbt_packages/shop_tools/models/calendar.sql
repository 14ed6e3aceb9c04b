with spine as (
  {{ dbt.date_spine('day', "date '" ~ var('calendar_start') ~ "'", "date '" ~ var('calendar_end') ~ "'") }}
)

select cast(date_day as date) as day
from spine
