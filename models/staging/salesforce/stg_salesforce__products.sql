-- Every version of every product, named and typed for the canonical layer.
select
  {{ version_columns('salesforce') }},
  "Name" as name,
  "ProductCode" as product_code,
  "Family" as family,
  "IsActive" as is_active,
  "CreatedDate" as created_at
from {{ source('raw_salesforce', 'Product2') }}
