create temporary table "tidemill_affected" as
select 'email' as rule, "key_3" as block
from "tidemill_was"
where "key_3" is not null
union
select 'email' as rule, "key_3" as block
from "tidemill_now"
where "key_3" is not null
union
select 'phone' as rule, "key_4" as block
from "tidemill_was"
where "key_4" is not null
union
select 'phone' as rule, "key_4" as block
from "tidemill_now"
where "key_4" is not null
union
select 'similar_name' as rule, "key_5" as block
from "tidemill_was"
where "key_5" is not null
union
select 'similar_name' as rule, "key_5" as block
from "tidemill_now"
where "key_5" is not null
