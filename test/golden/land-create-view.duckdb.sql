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
from (
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
    "_hash",
    row_number() over (partition by _record_id order by _modified_at desc nulls last, _observed_at desc, _deleted desc, _hash desc) as _place
  from "raw_crm"."people"
) as version
where _place = 1 and not _deleted
