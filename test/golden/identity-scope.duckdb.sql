create temporary table "tidemill_scope" as
select record
from "tidemill"."identity__mart__thing"
where record in (select record from "tidemill_touched")
  or record in (select record from "tidemill_before")
