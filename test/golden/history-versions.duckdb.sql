    create temporary table "tidemill_versions" as
    select
      *,
      coalesce(lag("tidemill_closed") over tidemill_per_key = "tidemill_closed" and ("tidemill_closed" or ("name" is not distinct from lag("name") over tidemill_per_key)), false) as tidemill_same_before,
      coalesce(lead("tidemill_closed") over tidemill_per_key = "tidemill_closed" and ("tidemill_closed" or ("name" is not distinct from lead("name") over tidemill_per_key)), false) as tidemill_same_after,
      lead("tidemill_valid") over tidemill_per_key as tidemill_next_valid,
      lead("tidemill_recorded") over tidemill_per_key as tidemill_next_recorded,
      lead("tidemill_closed") over tidemill_per_key as tidemill_next_closed,
      lead("tidemill_survivor") over tidemill_per_key as tidemill_next_survivor
    from (
    select
      "id", "name", "seen", "valid" as "tidemill_valid", "recorded" as "tidemill_recorded", "seq" as tidemill_sequence, (coalesce("gone", false) or "survivor" is not null) as "tidemill_closed", "survivor" as "tidemill_survivor"
    from (
      select * from log
    ) as log
    where exists (
      select 1
      from "tidemill_keys" as keys
      where "keys"."id" = "log"."id"
    )
    ) as versions
    window tidemill_per_key as (partition by "id" order by "tidemill_valid")
