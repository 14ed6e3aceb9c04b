    create temporary table "tidemill_versions__mart__thing" as
    select
      *,
      coalesce(lag("tidemill_content") over tidemill_per_key = "tidemill_content", false) as tidemill_same_before,
      coalesce(lead("tidemill_content") over tidemill_per_key = "tidemill_content", false) as tidemill_same_after,
      lead("tidemill_valid") over tidemill_per_key as tidemill_next_valid,
      lead("tidemill_recorded") over tidemill_per_key as tidemill_next_recorded,
      lead("tidemill_closed") over tidemill_per_key as tidemill_next_closed,
      lead("tidemill_survivor") over tidemill_per_key as tidemill_next_survivor
    from (
      select *, dense_rank() over (partition by "id" order by "tidemill_closed", case when not "tidemill_closed" then "name" end) as tidemill_content
      from (
    select
      "log"."id", "log"."name", "log"."seen", "valid" as "tidemill_valid", "recorded" as "tidemill_recorded", "seq" as tidemill_sequence, (coalesce("gone", false) or "survivor" is not null) as "tidemill_closed", "survivor" as "tidemill_survivor"
    from (
      select * from log
    ) as log
      ) as versions
    ) as versions
    window tidemill_per_key as (partition by "id" order by "tidemill_valid")
