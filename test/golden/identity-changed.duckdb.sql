create temporary table "tidemill_changed" as
select
  coalesce(fresh.record, kept.record) as record,
  kept.record is null as is_new,
  fresh.record is null as is_gone
from "tidemill_fresh" as fresh
full join "tidemill"."identity__mart__thing" as kept on kept.record = fresh.record
where fresh.record is null
  or kept.record is null
  or fresh."system" is distinct from kept."system"
  or fresh."record_id" is distinct from kept."record_id"
  or fresh."key_1" is distinct from kept."key_1"
  or fresh."value_5" is distinct from kept."value_5"
