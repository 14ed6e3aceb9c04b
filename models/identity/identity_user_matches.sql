with records as (
  select * from {{ ref('int_user_records') }}
)

select left_record, right_record, rule, score
from ({{ match_by('records', 'email', 'email', 1.0) }})
