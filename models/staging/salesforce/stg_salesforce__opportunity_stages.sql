-- Every version of every change of an opportunity, named and typed for the canonical layer.
select
  {{ version_columns('salesforce') }},
  "OpportunityId" as opportunity_record_id,
  "StageName" as stage,
  cast("Amount" as decimal(18, 2)) as amount,
  "CloseDate" as close_date,
  "CreatedDate" as entered_at
from {{ source('raw_salesforce', 'OpportunityHistory') }}
