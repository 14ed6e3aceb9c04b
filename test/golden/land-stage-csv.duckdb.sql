create temporary table "tidemill_stage" as
select
    *,
    md5(concat_ws(chr(31), 'age=' || cast("age" as VARCHAR), 'gone=' || cast("gone" as VARCHAR), 'id=' || cast("id" as VARCHAR), 'name=' || cast("name" as VARCHAR), 'updated=' || cast("updated" as VARCHAR))) as _hash
from (
  select
    cast("id" as VARCHAR) as _record_id,
    cast("updated" as TIMESTAMP) as _modified_at,
    coalesce("gone", false) as _deleted,
    "id" as "id",
    "name" as "name",
    "age" as "age",
    "updated" as "updated",
    "gone" as "gone"
  from (
    select "id" as "id",
      "name" as "name",
      cast(case
        when contains("age", '.') and not regexp_full_match("age", '\s*-?\d+\.0*\s*')
        then 'fraction' else nullif("age", '') end as bigint) as "age",
      cast(cast(nullif("updated", '') as timestamptz) as timestamp) as "updated",
      cast(nullif("gone", '') as boolean) as "gone"
    from read_csv(
      ['page-1.csv'],
      auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
      columns = {'id': 'VARCHAR', 'name': 'VARCHAR', 'age': 'VARCHAR', 'updated': 'VARCHAR', 'gone': 'VARCHAR'}
    )
  ) as page
) as record
