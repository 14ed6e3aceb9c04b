    select "id", md5(string_agg(row_digest, ',' order by row_digest)) as tidemill_digest
    from (
      select "id", md5(
        coalesce(cast(length(cast("valid" as VARCHAR)) as VARCHAR) || ':' || cast("valid" as VARCHAR), '-') ||
        coalesce(cast(length(cast("recorded" as VARCHAR)) as VARCHAR) || ':' || cast("recorded" as VARCHAR), '-') ||
        coalesce(cast(length(cast("seq" as VARCHAR)) as VARCHAR) || ':' || cast("seq" as VARCHAR), '-') ||
        coalesce(cast(length(cast("gone" as VARCHAR)) as VARCHAR) || ':' || cast("gone" as VARCHAR), '-') ||
        coalesce(cast(length(cast("survivor" as VARCHAR)) as VARCHAR) || ':' || cast("survivor" as VARCHAR), '-') ||
        coalesce(cast(length(cast("name" as VARCHAR)) as VARCHAR) || ':' || cast("name" as VARCHAR), '-') ||
        coalesce(cast(length(cast("seen" as VARCHAR)) as VARCHAR) || ':' || cast("seen" as VARCHAR), '-')
      ) as row_digest
      from (
        select * from log
      ) as log
    ) as digested
    group by "id"
