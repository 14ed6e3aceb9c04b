create temporary table "tidemill_blocks" as
select 'email' as rule, "key_3" as block, count(*) as records
from "tidemill"."identity__mart__thing"
where "key_3" is not null
  and "key_3" in (select block from "tidemill_affected" where rule = 'email')
group by "key_3"
having count(*) > 1
union all
select 'phone' as rule, "key_4" as block, count(*) as records
from "tidemill"."identity__mart__thing"
where "key_4" is not null
  and "key_4" in (select block from "tidemill_affected" where rule = 'phone')
group by "key_4"
having count(*) > 1
union all
select 'similar_name' as rule, "key_5" as block, count(*) as records
from "tidemill"."identity__mart__thing"
where "key_5" is not null
  and "key_5" in (select block from "tidemill_affected" where rule = 'similar_name')
group by "key_5"
having count(*) > 1
