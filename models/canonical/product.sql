-- The product list as it is now.
select record_id as product_id, name, product_code, family, is_active, created_at
from ({{ newest_versions(ref('stg_salesforce__products')) }})
where not is_deleted
