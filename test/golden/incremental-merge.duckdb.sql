    merge into "mart"."thing" as target
    using "tidemill_batch" as batch
    on "batch"."id" = "target"."id"
    when matched then update set "name" = batch."name"
    when not matched then insert ("id", "name", "seen")
      values ("batch"."id", "batch"."name", "batch"."seen")
