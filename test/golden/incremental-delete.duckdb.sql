    delete from "mart"."thing"
    where exists (
      select 1
      from "tidemill_batch" as batch
      where "batch"."id" = "thing"."id" and "batch"."name" = "thing"."name"
    )
