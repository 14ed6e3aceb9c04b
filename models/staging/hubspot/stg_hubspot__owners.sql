-- Every version of every owner, named and typed for the canonical layer.
select
  {{ version_columns('hubspot') }},
  concat_ws(' ', "firstName", "lastName") as name,
  {{ normalize_email('email') }} as email,
  "createdAt" as created_at
from {{ source('raw_hubspot', 'owners') }}
