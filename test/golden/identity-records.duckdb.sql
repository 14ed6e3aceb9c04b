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
      nullif(cast((merged
) as VARCHAR), '') as "key_1",
      nullif(cast((twin
) as VARCHAR), '') as "key_2",
      nullif(cast((lower(email)
) as VARCHAR), '') as "key_3",
      nullif(cast((phone
) as VARCHAR), '') || '' || nullif(cast((firm
) as VARCHAR), '') as "key_4",
      case when nullif(cast((name
) as VARCHAR), '') is not null then nullif(cast((firm
) as VARCHAR), '') end as "key_5",
      nullif(cast((name
) as VARCHAR), '') as "value_5",
      nullif(cast((phone
) as VARCHAR), '') as "agree_5_1"
    from (
      select * from people
    ) as records
