create or replace view "crm"."people" as
select
    "id",
    "name",
    "age",
    "updated",
    "gone",
    "_record_id",
    "_modified_at",
    "_deleted",
    "_observed_at",
    "_batch_id",
    "_hash"
from "raw_crm"."people" as version
where not version._deleted
  and not exists (
    select 1
    from "raw_crm"."people" as newer
    where newer._record_id = version._record_id
      and (
        newer._modified_at > version._modified_at
        or (newer._modified_at is not null and version._modified_at is null)
        or (
          newer._modified_at is not distinct from version._modified_at
          and (newer._observed_at, newer._deleted, newer._hash)
            > (version._observed_at, version._deleted, version._hash)
        )
      )
  )
