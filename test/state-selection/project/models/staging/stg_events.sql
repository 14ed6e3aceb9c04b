select id from {{ source('crm', 'events') }}
