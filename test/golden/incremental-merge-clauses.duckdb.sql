    merge into "mart"."thing" as DBT_INTERNAL_DEST
    using "tidemill_batch" as DBT_INTERNAL_SOURCE
    on "DBT_INTERNAL_SOURCE"."id" = "DBT_INTERNAL_DEST"."id"
    when matched and (DBT_INTERNAL_SOURCE.seen > DBT_INTERNAL_DEST.seen) then update set "seen" = DBT_INTERNAL_DEST.seen + 1, "name" = DBT_INTERNAL_SOURCE."name"
    when not matched then insert by name
    when not matched by source and (DBT_INTERNAL_DEST.name is null) and (true) then error 'it isn''t named'
