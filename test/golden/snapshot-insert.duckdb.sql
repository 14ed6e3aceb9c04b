    insert into "mart"."thing" ("id", "name", "dbt_valid_to")
    select "id", "name", "dbt_valid_to"
    from "tidemill_new_rows"
