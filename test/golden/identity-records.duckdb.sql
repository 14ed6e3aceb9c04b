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
      case when not regexp_matches(cast((merged
) as VARCHAR), '[^\s\pZ\p{Cc}\p{Cf}]') then null else cast((merged
) as VARCHAR) end as "key_1",
      case when not regexp_matches(cast((twin
) as VARCHAR), '[^\s\pZ\p{Cc}\p{Cf}]') then null else cast((twin
) as VARCHAR) end as "key_2",
      case when not regexp_matches(cast((lower(email)
) as VARCHAR), '[^\s\pZ\p{Cc}\p{Cf}]') then null else cast((lower(email)
) as VARCHAR) end as "key_3",
      case when not regexp_matches(cast((phone
) as VARCHAR), '[^\s\pZ\p{Cc}\p{Cf}]') then null else cast((phone
) as VARCHAR) end || '' || case when not regexp_matches(cast((firm
) as VARCHAR), '[^\s\pZ\p{Cc}\p{Cf}]') then null else cast((firm
) as VARCHAR) end as "key_4",
      case when case when not regexp_matches(cast((name
) as VARCHAR), '[^\s\pZ\p{Cc}\p{Cf}]') then null else cast((name
) as VARCHAR) end is not null then case when not regexp_matches(cast((firm
) as VARCHAR), '[^\s\pZ\p{Cc}\p{Cf}]') then null else cast((firm
) as VARCHAR) end end as "key_5",
      case when not regexp_matches(cast((name
) as VARCHAR), '[^\s\pZ\p{Cc}\p{Cf}]') then null else cast((name
) as VARCHAR) end as "value_5",
      case when not regexp_matches(cast((phone
) as VARCHAR), '[^\s\pZ\p{Cc}\p{Cf}]') then null else cast((phone
) as VARCHAR) end as "agree_5_1"
    from (
      select * from people
    ) as records
