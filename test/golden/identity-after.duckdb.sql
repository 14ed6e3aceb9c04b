create temporary table "tidemill_after" as
select
  given.canonical_id as "person_id",
  records.system as "system",
  records.record_id as "id",
  row_number() over (
    partition by clusters.cluster, records.system
    order by records."order_1", records."order_2", records.record
  ) = 1 as is_primary,
  records.record,
  clusters.component
from "tidemill_clusters" as clusters
inner join "tidemill"."identity__mart__thing" as records on records.record = clusters.record
inner join (
  select cluster, canonical_id from "tidemill_named"
  union all
  select cluster, canonical_id from "tidemill_born"
) as given on given.cluster = clusters.cluster
