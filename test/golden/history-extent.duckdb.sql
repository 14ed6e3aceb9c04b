    select
      count(*) as rows,
      count(case when "id" is null or "tidemill_valid" is null or "tidemill_recorded" is null then 1 end) as unplaced,
      count(case when tidemill_same_before then 1 end) as repeated,
      cast(max(tidemill_recorded) as VARCHAR) as recorded
    from "tidemill_versions__mart__thing"
