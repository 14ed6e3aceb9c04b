create temporary table "tidemill_affected" as
select 'email' as rule, "key_3" as block
from "tidemill"."identity__mart__thing"
where "key_3" is not null and record in (select record from "tidemill_changed")
union
select 'email' as rule, "key_3" as block
from "tidemill_fresh"
where "key_3" is not null and record in (select record from "tidemill_changed")
union
select 'phone' as rule, "key_4" as block
from "tidemill"."identity__mart__thing"
where "key_4" is not null and record in (select record from "tidemill_changed")
union
select 'phone' as rule, "key_4" as block
from "tidemill_fresh"
where "key_4" is not null and record in (select record from "tidemill_changed")
union
select 'similar_name' as rule, "key_5" as block
from "tidemill"."identity__mart__thing"
where "key_5" is not null and record in (select record from "tidemill_changed")
union
select 'similar_name' as rule, "key_5" as block
from "tidemill_fresh"
where "key_5" is not null and record in (select record from "tidemill_changed")
