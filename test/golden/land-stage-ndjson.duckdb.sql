create temporary table "tidemill_stage" as
select
    *,
    md5(concat_ws(chr(31), '_extra=' || cast("_extra" as VARCHAR), 'age=' || cast("age" as VARCHAR), 'gone=' || cast("gone" as VARCHAR), 'id=' || cast("id" as VARCHAR), 'name=' || cast("name" as VARCHAR), 'updated=' || cast("updated" as VARCHAR))) as _hash
from (
  select
    cast("id" as VARCHAR) as _record_id,
    cast("updated" as TIMESTAMP) as _modified_at,
    coalesce("gone", false) as _deleted,
    "id" as "id",
    "name" as "name",
    "age" as "age",
    "updated" as "updated",
    "gone" as "gone",
    "_extra"
  from (
    select "shaped"."id" as "id",
      "shaped"."name" as "name",
      cast(case
        when contains("shaped"."age", '.') and not regexp_full_match("shaped"."age", '\s*-?\d+\.0*\s*')
        then 'fraction' else nullif("shaped"."age", '') end as bigint) as "age",
      cast(cast(nullif("shaped"."updated", '') as timestamptz) as timestamp) as "updated",
      cast(nullif("shaped"."gone", '') as boolean) as "gone",
      case when json_keys("record", '$') = ['id', 'name'] then null else case when json_type("record", '$') = 'OBJECT' then
        nullif(json_merge_patch(json_extract("record", '$'), '{"id":null,"name":null,"age":null,"updated":null,"gone":null}'), '{}') end end as _extra
    from (
      select json as record, json_transform(json, '{"id":"VARCHAR","name":"VARCHAR","age":"VARCHAR","updated":"VARCHAR","gone":"VARCHAR"}') as shaped
      from read_ndjson_objects(['page-1.ndjson'])
    )
  ) as page
) as record
