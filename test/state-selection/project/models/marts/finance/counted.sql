select day, {{ two() }} as two from {{ ref('calendar') }}
