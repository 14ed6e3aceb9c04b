select
  customer_id,
  trim(name) as customer_name,
  city,
  cast(updated_at as timestamp) as updated_at
from {{ ref('raw_customers') }}
