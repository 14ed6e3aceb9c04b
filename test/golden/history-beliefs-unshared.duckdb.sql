    create temporary table "tidemill_beliefs__mart__thing" as
    with learned as (
      select "id", tidemill_valid, tidemill_recorded, tidemill_closed, tidemill_content, tidemill_place,
        tidemill_valid as tidemill_last_valid, tidemill_place as tidemill_last_place
      from "tidemill_late_versions__mart__thing" as versions
    ),
    steps as (
      select "id", tidemill_recorded, min(tidemill_valid) as tidemill_first_valid,
        max(max(tidemill_valid)) over (
          partition by "id" order by tidemill_recorded
          rows between unbounded preceding and 1 preceding
        ) as tidemill_valid_before
      from learned
      group by "id", tidemill_recorded
    ),
    epochs as (
      select "id", tidemill_recorded as tidemill_epoch_start,
        row_number() over tidemill_per_key as tidemill_epoch,
        lead(tidemill_recorded) over tidemill_per_key as tidemill_epoch_end
      from steps
      where tidemill_valid_before is null or tidemill_first_valid <= tidemill_valid_before
      window tidemill_per_key as (partition by "id" order by tidemill_recorded)
    ),
    known as (
      select versions.*, tidemill_epoch, tidemill_epoch_start, tidemill_epoch_end
      from learned as versions
      join epochs
        on "epochs"."id" = "versions"."id"
        and (epochs.tidemill_epoch_end is null
        or versions.tidemill_recorded < epochs.tidemill_epoch_end)
    ),
    settled as (
      select * from known
    ),
    neighbours as (
    select
      *,
      coalesce(lag("tidemill_content") over tidemill_per_key = "tidemill_content", false) as tidemill_same_before,
      coalesce(lead("tidemill_content") over tidemill_per_key = "tidemill_content", false) as tidemill_same_after,
      lead("tidemill_valid") over tidemill_per_key as tidemill_next_valid,
      lead("tidemill_recorded") over tidemill_per_key as tidemill_next_recorded,
      lead("tidemill_closed") over tidemill_per_key as tidemill_next_closed
    from "settled"
    window tidemill_per_key as (partition by "id", "tidemill_epoch" order by "tidemill_valid")
    ),
    intervals as (
    select "id", "tidemill_epoch", "tidemill_epoch_start", "tidemill_epoch_end", "tidemill_content", "tidemill_place", "tidemill_valid", "tidemill_recorded", "tidemill_last_valid", "tidemill_last_place", "tidemill_next_valid", "tidemill_next_recorded", "tidemill_next_closed"
    from "neighbours"
    where not "tidemill_closed" and not tidemill_same_before and not tidemill_same_after
    union all
    select "id", "tidemill_epoch", "tidemill_epoch_start", "tidemill_epoch_end", "tidemill_content", "tidemill_place", "tidemill_valid", "tidemill_recorded", "tidemill_last_valid", "tidemill_last_place", "tidemill_next_valid", "tidemill_next_recorded", "tidemill_next_closed"
    from (
      select "id", "tidemill_epoch", "tidemill_epoch_start", "tidemill_epoch_end", "tidemill_content", "tidemill_place", "tidemill_valid", "tidemill_recorded", lead("tidemill_last_valid") over tidemill_per_run as "tidemill_last_valid", lead("tidemill_last_place") over tidemill_per_run as "tidemill_last_place", lead("tidemill_next_valid") over tidemill_per_run as "tidemill_next_valid", lead("tidemill_next_recorded") over tidemill_per_run as "tidemill_next_recorded", lead("tidemill_next_closed") over tidemill_per_run as "tidemill_next_closed", tidemill_same_after
      from "neighbours"
      where not "tidemill_closed" and tidemill_same_before <> tidemill_same_after
      window tidemill_per_run as (partition by "id", "tidemill_epoch" order by "tidemill_valid")
    ) as runs
    where tidemill_same_after
    )
    select *
    from intervals
