-- Stages of the ticket pipelines as they are now, labels and order.
select
  pipeline_id,
  stage_id,
  label,
  display_order,
  is_closed
from {{ source('hubspot', 'pipeline_stages') }}
where object_type = 'tickets'
