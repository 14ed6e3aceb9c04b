create temporary table "tidemill_named" as
select cluster, canonical_id
from (
  select
    clusters.cluster,
    ids.canonical_id,
    row_number() over (
      partition by clusters.cluster
      order by
        records.created_at nulls last,
        records.record,
        case when ids.current_id = ids.canonical_id then 0 else 1 end,
        ids.canonical_id
    ) as age
  from "mart"."thing_ids" as ids
  inner join "tidemill_clusters" as clusters on clusters.record = ids.founder
  inner join "tidemill"."identity__mart__thing" as records on records.record = ids.founder
) as by_age
where age = 1
