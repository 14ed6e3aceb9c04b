    create temporary table "tidemill_digests__mart__thing" as
    select
      "id",
      concat_ws(
        ':',
        sum(cast(md5_number(to_json(row(true, "name", "seen", "tidemill_valid", "tidemill_recorded", "tidemill_sequence", "tidemill_closed", "tidemill_survivor"))) >> 64 as ubigint)),
        sum(cast(md5_number(to_json(row(true, "name", "seen", "tidemill_valid", "tidemill_recorded", "tidemill_sequence", "tidemill_closed", "tidemill_survivor"))) & cast(18446744073709551615 as uhugeint) as ubigint)),
        count(*)
      ) as tidemill_digest
    from (
    select
      "log"."id", "log"."name", "log"."seen", "valid" as "tidemill_valid", "recorded" as "tidemill_recorded", "seq" as tidemill_sequence, (coalesce("gone", false) or "survivor" is not null) as "tidemill_closed", "survivor" as "tidemill_survivor"
    from (
      select * from log
    ) as log
    ) as versions
    group by "id"
