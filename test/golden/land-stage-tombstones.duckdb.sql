create temporary table "tidemill_gone" as
select distinct
    cast("id" as VARCHAR) as _record_id,
    cast("updated" as TIMESTAMP) as _modified_at,
    "id"
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
