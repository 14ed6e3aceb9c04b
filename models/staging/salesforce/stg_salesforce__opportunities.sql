-- Every version of every opportunity, named and typed for the canonical layer.
select
  {{ version_columns('salesforce') }},
  "Name" as name,
  "AccountId" as account_record_id,
  "OwnerId" as owner_record_id,
  "StageName" as stage,
  cast("Amount" as decimal(18, 2)) as amount,
  "CloseDate" as close_date,
  "IsClosed" as is_closed,
  "IsWon" as is_won,
  cast("Probability" as double) as probability,
  "Product_Name__c" as product_name,
  "CreatedDate" as created_at
from {{ source('raw_salesforce', 'Opportunity') }}
