    insert into "mart"."thing" ("id", "name", "seen", "valid_from", "valid_to", "…")
    with placed as (
      select
        *,
        case when tidemill_recorded > tidemill_epoch_start
          then tidemill_recorded else tidemill_epoch_start end as tidemill_appeared_at,
        case when tidemill_next_recorded > tidemill_epoch_start
          then tidemill_next_recorded
          when tidemill_next_valid is not null then tidemill_epoch_start end as tidemill_ended_at,
        case when lag("tidemill_epoch") over tidemill_per_start = tidemill_epoch - 1
          and (lag("tidemill_next_valid") over tidemill_per_start is null
            or (lag("tidemill_next_valid") over tidemill_per_start = tidemill_next_valid
              and lag("tidemill_next_closed") over tidemill_per_start = tidemill_next_closed))
          and lag("tidemill_content") over tidemill_per_start = tidemill_content
          then 0 else 1 end as tidemill_is_new
      from "tidemill_beliefs__mart__thing"
      window tidemill_per_start as (partition by "id", "tidemill_valid" order by tidemill_epoch)
    ),
    chained as (
      select *, sum(tidemill_is_new) over (
        partition by "id", "tidemill_valid" order by tidemill_epoch
        rows between unbounded preceding and current row
      ) as tidemill_chain
      from placed
    ),
    lasting as (
      select *,
        min(tidemill_appeared_at) over tidemill_whole_chain as tidemill_first_appeared_at,
        min(tidemill_ended_at) over tidemill_whole_chain as tidemill_first_ended_at,
        row_number() over (
          partition by "id", "tidemill_valid", tidemill_chain order by tidemill_epoch desc
        ) as tidemill_age
      from chained
      -- The order is that of the ages: one sort serves both.
      window tidemill_whole_chain as (
        partition by "id", "tidemill_valid", tidemill_chain order by tidemill_epoch desc
        rows between unbounded preceding and unbounded following
      )
    )
    select
      "first_version"."id", "first_version"."name", "last_version"."seen", lasting.tidemill_valid, lasting.tidemill_next_valid, tidemill_first_ended_at, tidemill_first_appeared_at, tidemill_epoch_end, lasting.tidemill_next_valid is null and tidemill_epoch_end is null, coalesce(lasting.tidemill_next_closed, false), lasting.tidemill_next_survivor
    from lasting
    join "tidemill_late_versions__mart__thing" as first_version
      on "first_version"."id" = "lasting"."id" and "first_version"."tidemill_valid" = "lasting"."tidemill_valid" and "first_version"."tidemill_place" = "lasting"."tidemill_place"
    join "tidemill_late_versions__mart__thing" as last_version
      on "last_version"."id" = "lasting"."id"
      and last_version.tidemill_valid = lasting.tidemill_last_valid
      and last_version.tidemill_place = lasting.tidemill_last_place
    where tidemill_age = 1
