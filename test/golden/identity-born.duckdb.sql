create temporary table "tidemill_born" as
with founders as (
  select cluster, record as born_from
  from (
    select
      clusters.cluster,
      records.record,
      row_number() over (
        partition by clusters.cluster
        order by records.created_at nulls last, records.record
      ) as age
    from "tidemill_clusters" as clusters
    inner join "tidemill"."identity__mart__thing" as records on records.record = clusters.record
    where clusters.cluster not in (select cluster from "tidemill_named")
  ) as by_age
  where age = 1
),

earlier as (
  select born_from, count(*) as times
  from "mart"."thing_ids"
  where born_from in (select born_from from founders)
  group by born_from
)

select
  founders.cluster,
  founders.born_from,
  'per_' || substr(md5(concat_ws(chr(31),
  case when times is null then born_from else born_from || '/' || cast(times as VARCHAR) end)), 1, 16) as canonical_id
from founders
left join earlier using (born_from)
