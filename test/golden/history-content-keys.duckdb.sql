    create temporary table "tidemill_keys__mart__thing" as
    select coalesce("fresh"."id", "kept"."id") as "id"
    from "tidemill_digests__mart__thing" as fresh
    full join "tidemill"."digests__mart__thing" as kept
      on "fresh"."id" = "kept"."id"
    where fresh."id" is null
      or kept."id" is null
      or fresh.tidemill_digest <> kept.tidemill_digest
