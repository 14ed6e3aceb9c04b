    insert into "mart"."thing" ("id", "name", "seen")
    select "id", "name", "seen"
    from "tidemill_batch"
