-- Stages of the deal pipelines as they are now, labels and order.
select
  pipeline_id,
  stage_id,
  label,
  display_order,
  cast(probability as double) as probability,
  is_closed
from {{ source('hubspot', 'pipeline_stages') }}
where object_type = 'deals'
