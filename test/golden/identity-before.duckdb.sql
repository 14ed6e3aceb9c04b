create temporary table "tidemill_before" as
select *
from "mart"."thing"
where component in (
  select component
  from "mart"."thing"
  where record in (select record from "tidemill_touched")
)
