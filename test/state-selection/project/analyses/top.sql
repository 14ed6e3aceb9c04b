select count(*) as total from {{ ref('customers') }}
