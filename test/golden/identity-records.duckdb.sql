select
      nullif(cast((system
) as VARCHAR), '') || ':' || nullif(cast((id
) as VARCHAR), '') as record,
      nullif(cast((system
) as VARCHAR), '') as system,
      nullif(cast((id
) as VARCHAR), '') as record_id,
      (made
) as created_at,
      (gone
) as "order_1",
      (made
) as "order_2",
      case when trim(cast((merged
) as VARCHAR)) <> '' then cast((merged
) as VARCHAR) end as "key_1",
      case when trim(cast((twin
) as VARCHAR)) <> '' then cast((twin
) as VARCHAR) end as "key_2",
      case when trim(cast((lower(email)
) as VARCHAR)) <> '' then cast((lower(email)
) as VARCHAR) end as "key_3",
      case when trim(cast((phone
) as VARCHAR)) <> '' then cast((phone
) as VARCHAR) end || '' || case when trim(cast((firm
) as VARCHAR)) <> '' then cast((firm
) as VARCHAR) end as "key_4",
      case when case when trim(cast((name
) as VARCHAR)) <> '' then cast((name
) as VARCHAR) end is not null then case when trim(cast((firm
) as VARCHAR)) <> '' then cast((firm
) as VARCHAR) end end as "key_5",
      case when trim(cast((name
) as VARCHAR)) <> '' then cast((name
) as VARCHAR) end as "value_5",
      case when trim(cast((phone
) as VARCHAR)) <> '' then cast((phone
) as VARCHAR) end as "agree_5_1"
    from (
      select * from people
    ) as records
