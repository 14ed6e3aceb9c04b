with
  model_rows as not materialized (
    select
      lower(case when ascii(cast("m"."email" as varchar)) > 32 and not (ends_with(cast("m"."email" as varchar), E' ') or ends_with(cast("m"."email" as varchar), E'\t') or ends_with(cast("m"."email" as varchar), E'\r') or ends_with(cast("m"."email" as varchar), E'\n')) then cast("m"."email" as varchar) else nullif(trim(cast("m"."email" as varchar), E' \t\r\n'), '') end) as key,
      m."last_name" as "m0",
      round(m."score", 2) as "m1",
      case
    when length(case when ascii(cast(m."company_id" as varchar)) > 32 and not (ends_with(cast(m."company_id" as varchar), E' ') or ends_with(cast(m."company_id" as varchar), E'\t') or ends_with(cast(m."company_id" as varchar), E'\r') or ends_with(cast(m."company_id" as varchar), E'\n')) then cast(m."company_id" as varchar) else nullif(trim(cast(m."company_id" as varchar), E' \t\r\n'), '') end) = 18
      and regexp_full_match(case when ascii(cast(m."company_id" as varchar)) > 32 and not (ends_with(cast(m."company_id" as varchar), E' ') or ends_with(cast(m."company_id" as varchar), E'\t') or ends_with(cast(m."company_id" as varchar), E'\r') or ends_with(cast(m."company_id" as varchar), E'\n')) then cast(m."company_id" as varchar) else nullif(trim(cast(m."company_id" as varchar), E' \t\r\n'), '') end, '[a-zA-Z0-9]{15}[A-Z0-5]{3}')
      and not regexp_full_match(case when ascii(cast(m."company_id" as varchar)) > 32 and not (ends_with(cast(m."company_id" as varchar), E' ') or ends_with(cast(m."company_id" as varchar), E'\t') or ends_with(cast(m."company_id" as varchar), E'\r') or ends_with(cast(m."company_id" as varchar), E'\n')) then cast(m."company_id" as varchar) else nullif(trim(cast(m."company_id" as varchar), E' \t\r\n'), '') end, '[0-9]+')
    then left(case when ascii(cast(m."company_id" as varchar)) > 32 and not (ends_with(cast(m."company_id" as varchar), E' ') or ends_with(cast(m."company_id" as varchar), E'\t') or ends_with(cast(m."company_id" as varchar), E'\r') or ends_with(cast(m."company_id" as varchar), E'\n')) then cast(m."company_id" as varchar) else nullif(trim(cast(m."company_id" as varchar), E' \t\r\n'), '') end, 15)
    else case when ascii(cast(m."company_id" as varchar)) > 32 and not (ends_with(cast(m."company_id" as varchar), E' ') or ends_with(cast(m."company_id" as varchar), E'\t') or ends_with(cast(m."company_id" as varchar), E'\r') or ends_with(cast(m."company_id" as varchar), E'\n')) then cast(m."company_id" as varchar) else nullif(trim(cast(m."company_id" as varchar), E' \t\r\n'), '') end
  end as "xm0",
      cast(null as TIMESTAMP) as model_at
    from "operational"."contacts" as m
  ),
  state_rows as not materialized (
    select s."key" as "key", s."crm_id" as "crm_id", s."status" as "status", s."written_at" as "written_at", s."sent" as "sent", s."clean_at" as "clean_at", s."reasserts" as "reasserts", s."rejected" as "rejected", s."reason" as "reason", s."accepted.@companies" as "xa0"
    from "tidemill_sync"."contacts" as s
  ),
  state_fields as not materialized (
    select
      s."key" as "key",
      s."accepted.lastname" as "a0",
      s."adopted.lastname" as "s0",
      s."accepted.score" as "a1",
      s."adopted.score" as "s1"
    from "tidemill_sync"."contacts" as s
  ),
  crm_rows as not materialized (
    select
      r._record_id as id,
      r._observed_at as observed_at,
      r._modified_at as modified_at,
      lower(case when ascii(cast("r"."email" as varchar)) > 32 and not (ends_with(cast("r"."email" as varchar), E' ') or ends_with(cast("r"."email" as varchar), E'\t') or ends_with(cast("r"."email" as varchar), E'\r') or ends_with(cast("r"."email" as varchar), E'\n')) then cast("r"."email" as varchar) else nullif(trim(cast("r"."email" as varchar), E' \t\r\n'), '') end) as crm_key,
      r."lastname" as "c0", r."score" as "c1"
    from "hubspot"."contacts" as r
    -- a record we archived is gone, though the view shows it until the next extract
    left join state_rows as s on s.crm_id = r._record_id
      and s.status = 'removed' and s.written_at >= r._observed_at
    where s.crm_id is null
  ),
  compared as materialized (
    select
      "m"."key", "m"."model_at", "m"."m0", "m"."m1", "m"."xm0",
      s.key is not null as is_known,
      "s"."crm_id", "s"."status", "s"."written_at", "s"."sent", "s"."clean_at", "s"."reasserts", "s"."rejected", "s"."xa0",
      "c"."id", "c"."observed_at", "c"."modified_at", "c"."c0", "c"."c1"
    from model_rows as m
    left join state_rows as s on s.key = m.key
    left join crm_rows as c on c.id = s.crm_id
    where c.id is null
      or s.status <> 'accepted' or s.reasserts > 0 or s.clean_at is distinct from c.observed_at
      or not (m."m0" is not distinct from c."c0")
      or not (m."m1" is not distinct from c."c1")
      or (m."xm0" is not null and m."xm0" is distinct from s."xa0")
  ),
  bad_keys as materialized (
    select m.key, count(*) as n
    from model_rows as m
    where m.key is null or m.key in (select key from compared where key is not null)
    group by m.key
    having count(*) > 1 or m.key is null
  ),
  unlinked as materialized (
    select key, crm_id as lost_id, status
    from compared
    where id is null and key is not null
  ),
  matched as materialized (
    select u.key, count(*) as n, min(c.id) as id
    from unlinked as u
    join (
      select id, crm_key from crm_rows where crm_key in (select key from unlinked)
    ) as c on c.crm_key = u.key
    
    group by u.key
  ),
  claimed as materialized (
    select distinct x.key
    from state_rows as s
    join matched as x on x.id = s.crm_id and x.key <> s.key
    join model_rows as m on m.key = s.key
    where s.status <> 'removed'
  ),
  gone as materialized (
    select distinct l._record_id as id
    from "raw_hubspot"."contacts" as l
    where l._record_id in (select lost_id from unlinked where lost_id is not null)
  ),
  awaited as materialized (
    select s.key
    from "tidemill_sync"."leads" as s
    where s.key in (select key from unlinked)
      and (s.status = 'in_doubt' or (s.status = 'accepted' and s.crm_id not in (
        select _record_id from "raw_hubspot"."contacts"
      )))
  ),
  relinked as materialized (
    select
      u.key,
      coalesce(x.n, 0) as match_count,
      t.key is not null as is_claimed,
      g.id is not null as is_gone,
      w.key is not null as is_awaited,
      case when u.lost_id is null or u.status = 'removed' or g.id is not null then x.id end as id
    from unlinked as u
    left join matched as x on x.key = u.key
    left join claimed as t on t.key = u.key
    left join gone as g on g.id = u.lost_id
    left join awaited as w on w.key = u.key
  ),
  joined as materialized (
    select * from (
      select
        linked.*,
        "f"."a0", "f"."s0", "f"."a1", "f"."s1",
        case
          when status = 'in_doubt' then 'locked'
          when id is null and crm_id is not null and status <> 'removed' and not is_gone
            then 'unseen'
          when id is null and is_awaited then 'awaited'
          when match_count > 1 then 'ambiguous'
          when is_claimed then 'claimed'
          when id is not null then 'live'
          when crm_id is not null and status <> 'removed' then 'gone'
          else 'none'
        end as presence,
        -- what we wrote counts until the record is observed again
        written_at is not null and crm_id is not distinct from coalesce(id, crm_id)
          and (id is null or observed_at <= written_at) as is_pending
      from (
        select
          "k"."key", "k"."model_at", "k"."m0", "k"."m1", "k"."xm0", "k"."is_known", "k"."crm_id", "k"."status", "k"."written_at", "k"."sent", "k"."clean_at", "k"."reasserts", "k"."rejected", "k"."xa0",
          "k"."id", "k"."observed_at", "k"."modified_at", "k"."c0", "k"."c1",
          0 as match_count, false as is_claimed, false as is_gone, false as is_awaited
        from compared as k
        where k.id is not null
        union all
        select
          "k"."key", "k"."model_at", "k"."m0", "k"."m1", "k"."xm0", "k"."is_known", "k"."crm_id", "k"."status", "k"."written_at", "k"."sent", "k"."clean_at", "k"."reasserts", "k"."rejected", "k"."xa0",
          "c"."id", "c"."observed_at", "c"."modified_at", "c"."c0", "c"."c1",
          r.match_count, r.is_claimed, r.is_gone, r.is_awaited
        from compared as k
        join relinked as r on r.key = k.key
        left join (
          select * from crm_rows where id in (select id from relinked where id is not null)
        ) as c on c.id = r.id
      ) as linked
      left join (
        select * from state_fields where key in (select key from compared where key is not null)
      ) as f on f.key = linked.key
      where not exists (select 1 from bad_keys as b where b.key = linked.key)
    ) as present
    
  ),
  known as materialized (
    select
      *,
      case when is_linked then "a0" end as "ka0",
      case when is_linked then "s0" end as "ks0",
      case when is_pending and "a0" is not null
        and (presence = 'unseen' or coalesce(position(',lastname,' in sent), 0) > 0) then coalesce("s0", "a0")
        else "fc0" end as "kc0",
      case when is_pending and "a0" is not null
        and (presence = 'unseen' or coalesce(position(',lastname,' in sent), 0) > 0) then nullif(coalesce("s0", "a0"), '')
        else case when "fc0" <> '' then cast("c0" as VARCHAR) end end as "before0",
      case when "km0" <> '' then cast("m0" as VARCHAR) end as "text0",
      case when is_linked then "a1" end as "ka1",
      case when is_linked then "s1" end as "ks1",
      case when is_pending and "a1" is not null
        and (presence = 'unseen' or coalesce(position(',score,' in sent), 0) > 0) then coalesce("s1", "a1")
        else "fc1" end as "kc1",
      case when is_pending and "a1" is not null
        and (presence = 'unseen' or coalesce(position(',score,' in sent), 0) > 0) then nullif(coalesce("s1", "a1"), '')
        else nullif("fc1", '') end as "before1",
      nullif("km1", '') as "text1"
    from (
      select
        *,
        presence = 'unseen' or crm_id is not distinct from id as is_linked,
        case when (is_clean_before and ("m0" is not distinct from "c0")) then null
        else coalesce(nullif(cast("m0" as varchar), ''), '') end as "km0",
        case when (is_clean_before and ("m0" is not distinct from "c0")) then null
        else coalesce(nullif(cast("c0" as varchar), ''), '') end as "fc0",
        case when (is_clean_before and ("m1" is not distinct from "c1")) then null
        else coalesce(coalesce(
    case when regexp_replace(cast(try_cast(nullif(trim(cast("m1" as varchar), E' \t\r\n'), '') as decimal(38, 12)) as varchar), '\.?0+$', '') = '-0' then '0' else regexp_replace(cast(try_cast(nullif(trim(cast("m1" as varchar), E' \t\r\n'), '') as decimal(38, 12)) as varchar), '\.?0+$', '') end,
    cast(try_cast(nullif(trim(cast("m1" as varchar), E' \t\r\n'), '') as double) as varchar),
    nullif(trim(cast("m1" as varchar), E' \t\r\n'), '')
  ), '') end as "km1",
        case when (is_clean_before and ("m1" is not distinct from "c1")) then null
        else coalesce(coalesce(
    case when regexp_replace(cast(try_cast(nullif(trim(cast("c1" as varchar), E' \t\r\n'), '') as decimal(38, 12)) as varchar), '\.?0+$', '') = '-0' then '0' else regexp_replace(cast(try_cast(nullif(trim(cast("c1" as varchar), E' \t\r\n'), '') as decimal(38, 12)) as varchar), '\.?0+$', '') end,
    cast(try_cast(nullif(trim(cast("c1" as varchar), E' \t\r\n'), '') as double) as varchar),
    nullif(trim(cast("c1" as varchar), E' \t\r\n'), '')
  ), '') end as "fc1"
      from (
        select *, is_known and presence = 'live' and clean_at = observed_at as is_clean_before
        from joined
      ) as flagged
    ) as formed
  ),
  decided as materialized (
    select
      *,
      case when presence in ('live', 'unseen') and "km0" is not null then case
      when "km0" = "kc0" then
        case when "ka0" = "km0" and "ks0" is null then null
             else 'move' end
      when false then null
      when "ka0" is null then 'send:new'
      when "ka0" = "km0" and "ks0" = "kc0" then null
      when "ka0" = "km0" then case when case when is_linked then reasserts else 0 end >= 3
             then 'report:not_held' else 'send:drift' end
      when "kc0" = coalesce("ks0", "ka0") then 'send:model'
      else 'send:conflict'
    end end as "d0",
      case when presence in ('live', 'unseen') then "text0" else "text0" end
        as "after0",
      case when presence in ('live', 'unseen') and "km1" is not null then case
      when "km1" = "kc1" then
        case when "ka1" = "km1" and "ks1" is null then null
             else 'move' end
      when "kc1" <> '' then null
      when "ka1" is null then case when "kc1" = '' then 'send:new' else 'adopt' end
      when "ka1" = "km1" and "ks1" = "kc1" then null
      when "ka1" = "km1" then 'adopt'
      when "kc1" = coalesce("ks1", "ka1") then case when "ks1" is null or "kc1" = ''
             then 'send:model' else 'adopt' end
      else 'adopt'
    end end as "d1",
      case when presence in ('live', 'unseen') then "text1" else "text1" end
        as "after1",
      case when presence in ('live', 'unseen') and "xm0" is not null
        and "xm0" is distinct from case when is_linked then "xa0" end then 'send:model' end
        as "xd0"
    from known
  ),
  checked as materialized (
    select
      *,
      coalesce(case when ((coalesce("d0" like 'send:%', false) or (presence in ('none', 'gone') and "km0" <> '')) or presence in ('none', 'gone')) then case
          when "after0" is null then 'lastname: required, and the model has none'
          when length("after0") > 80
          then 'lastname: longer than 80 characters'
        end end,
        cast(null as VARCHAR),
        cast(null as VARCHAR)) as refusal,
      case when presence in ('none', 'gone') then 'create|' else 'update|' end
        || case when (coalesce("d0" like 'send:%', false) or (presence in ('none', 'gone') and "km0" <> ''))
        then 'lastname=' || "km0" || '|' else '' end
        || case when (coalesce("d1" like 'send:%', false) or (presence in ('none', 'gone') and "km1" <> ''))
        then 'score=' || "km1" || '|' else '' end
        || case when "xd0" is not null or presence in ('none', 'gone')
        then '@companies=' || coalesce("xm0", '') || '|' else '' end as signature,
      (coalesce("d0" like 'send:%', false) or coalesce("d1" like 'send:%', false) or coalesce("xd0" like 'send:%', false)) as any_send,
      (coalesce("d0" = 'report:review', false) or coalesce("d1" = 'report:review', false)) as any_review,
      (coalesce("d0" = 'report:not_held', false) or coalesce("d1" = 'report:not_held', false)) as any_not_held,
      (coalesce("d0" = 'report:drift', false) or coalesce("d1" = 'report:drift', false)) as any_report,
      (coalesce("d0" in ('move', 'adopt'), false) or coalesce("d1" in ('move', 'adopt'), false)) as any_move,
      not is_pending
        and not (coalesce("d0" <> 'move', false) or coalesce("d1" <> 'move', false) or coalesce("xd0" <> 'move', false))
        as is_clean,
      (coalesce("d0" = 'send:drift', false) or coalesce("d1" = 'send:drift', false)) as any_reassert,
      (coalesce("d0" in ('send:conflict', 'report:review'), false) or coalesce("d1" in ('send:conflict', 'report:review'), false))
        as is_conflict,
      (coalesce("d0" in ('send:drift', 'report:drift', 'report:not_held'), false) or coalesce("d1" in ('send:drift', 'report:drift', 'report:not_held'), false))
        as is_drift
    from decided
  ),
  judged as (
    select * from (
      select
        "key", "signature", "observed_at", "is_pending", "any_reassert", "is_conflict", "is_drift", "any_move", "is_clean", "d0", "km0", "kc0", "ka0", "before0", "after0", "d1", "km1", "kc1", "ka1", "before1", "after1", "xd0", "xm0", "xa0",
        case when presence in ('none', 'gone') then null else coalesce(id, crm_id) end as crm_id,
        case
          when presence in ('locked', 'awaited') then 'locked'
          when presence in ('ambiguous', 'claimed') then 'rejected'
          when presence = 'gone' and not true then 'gone'
          when presence in ('none', 'gone') and not true then 'unmatched'
          when (presence in ('none', 'gone') or any_send) and refusal is not null then 'rejected'
          when ((presence in ('none', 'gone') or any_send) and status = 'rejected' and rejected = signature) then 'rejected'
          when presence in ('none', 'gone') then 'create'
          when any_send then 'update'
          when any_review then 'conflict'
          when any_not_held then 'not_held'
          when any_report then 'drift'
          when any_move or not is_known or crm_id is distinct from coalesce(id, crm_id)
            or status <> 'accepted' then 'noop'
          when not is_pending and clean_at is distinct from observed_at then 'verified'
        end as class,
        case
          when presence = 'locked' then 'an earlier push is in doubt'
          when presence = 'awaited' then 'another sync made the record; it is not extracted yet'
          when presence = 'ambiguous' then 'several records in the CRM match the key'
          when presence = 'claimed' then 'another row is linked to the record already'
          when presence = 'gone' and not true then 'the record was deleted in the CRM'
          when presence in ('none', 'gone') and not true
            then 'no record in the CRM matches the key'
          when (presence in ('none', 'gone') or any_send) and refusal is not null then refusal
          when ((presence in ('none', 'gone') or any_send) and status = 'rejected' and rejected = signature) then 'the CRM refused the same values before'
          when presence = 'gone' then 'the record was deleted in the CRM'
          when presence in ('none', 'gone') then 'no record in the CRM matches the key'
        end as reason,
        1 as row_count
      from checked
    ) as named
    where class is not null
  ),
  unkeyed as (
    select
      cast(coalesce(key, '') as VARCHAR) as "key",
      cast(null as VARCHAR) as "crm_id",
      cast('rejected' as VARCHAR) as "class",
      cast(case when key is null then 'the row has no sync key'
        else 'several rows of the model have this key' end as VARCHAR) as "reason",
      cast(n as BIGINT) as "row_count",
      cast(null as VARCHAR) as "signature",
      cast(null as TIMESTAMP) as "observed_at",
      cast(null as BOOLEAN) as "is_pending",
      cast(null as BOOLEAN) as "any_reassert",
      cast(null as BOOLEAN) as "is_conflict",
      cast(null as BOOLEAN) as "is_drift",
      cast(null as BOOLEAN) as "any_move",
      cast(null as BOOLEAN) as "is_clean",
      cast(null as VARCHAR) as "d0",
      cast(null as VARCHAR) as "km0",
      cast(null as VARCHAR) as "kc0",
      cast(null as VARCHAR) as "ka0",
      cast(null as VARCHAR) as "before0",
      cast(null as VARCHAR) as "after0",
      cast(null as VARCHAR) as "d1",
      cast(null as VARCHAR) as "km1",
      cast(null as VARCHAR) as "kc1",
      cast(null as VARCHAR) as "ka1",
      cast(null as VARCHAR) as "before1",
      cast(null as VARCHAR) as "after1",
      cast(null as VARCHAR) as "xd0",
      cast(null as VARCHAR) as "xm0",
      cast(null as VARCHAR) as "xa0"
    from bad_keys
  ),
  removals as (
    select
      cast(s.key as VARCHAR) as "key",
      cast(c.id as VARCHAR) as "crm_id",
      cast(case when (s.status = 'rejected' and s.rejected = 'archive|') then 'rejected' else 'archive' end as VARCHAR) as "class",
      cast(case when (s.status = 'rejected' and s.rejected = 'archive|') then 'the CRM refused to archive it before'
        else 'the row left the model' end as VARCHAR) as "reason",
      cast(1 as BIGINT) as "row_count",
      cast('archive|' as VARCHAR) as "signature",
      cast(c.observed_at as TIMESTAMP) as "observed_at",
      cast(null as BOOLEAN) as "is_pending",
      cast(null as BOOLEAN) as "any_reassert",
      cast(null as BOOLEAN) as "is_conflict",
      cast(null as BOOLEAN) as "is_drift",
      cast(null as BOOLEAN) as "any_move",
      cast(null as BOOLEAN) as "is_clean",
      cast(null as VARCHAR) as "d0",
      cast(null as VARCHAR) as "km0",
      cast(null as VARCHAR) as "kc0",
      cast(f."a0" as VARCHAR) as "ka0",
      cast(nullif(cast(c."c0" as varchar), '') as VARCHAR) as "before0",
      cast(null as VARCHAR) as "after0",
      cast(null as VARCHAR) as "d1",
      cast(null as VARCHAR) as "km1",
      cast(null as VARCHAR) as "kc1",
      cast(f."a1" as VARCHAR) as "ka1",
      cast(coalesce(
    case when regexp_replace(cast(try_cast(nullif(trim(cast(c."c1" as varchar), E' \t\r\n'), '') as decimal(38, 12)) as varchar), '\.?0+$', '') = '-0' then '0' else regexp_replace(cast(try_cast(nullif(trim(cast(c."c1" as varchar), E' \t\r\n'), '') as decimal(38, 12)) as varchar), '\.?0+$', '') end,
    cast(try_cast(nullif(trim(cast(c."c1" as varchar), E' \t\r\n'), '') as double) as varchar),
    nullif(trim(cast(c."c1" as varchar), E' \t\r\n'), '')
  ) as VARCHAR) as "before1",
      cast(null as VARCHAR) as "after1",
      cast(null as VARCHAR) as "xd0",
      cast(null as VARCHAR) as "xm0",
      cast(null as VARCHAR) as "xa0"
    from state_rows as s
    join crm_rows as c on c.id = s.crm_id
    join state_fields as f on f.key = s.key
    where s.status in ('accepted', 'rejected')
      and not exists (select 1 from model_rows as m where m.key = s.key)
      and not exists (select 1 from matched as x where x.id = c.id)
  )
  select "key", "crm_id", "class", "reason", "row_count", "signature", "observed_at", "is_pending", "any_reassert", "is_conflict", "is_drift", "any_move", "is_clean", "d0", "km0", "kc0", "ka0", "before0", "after0", "d1", "km1", "kc1", "ka1", "before1", "after1", "xd0", "xm0", "xa0" from judged
  union all
  select "key", "crm_id", "class", "reason", "row_count", "signature", "observed_at", "is_pending", "any_reassert", "is_conflict", "is_drift", "any_move", "is_clean", "d0", "km0", "kc0", "ka0", "before0", "after0", "d1", "km1", "kc1", "ka1", "before1", "after1", "xd0", "xm0", "xa0" from unkeyed
  union all
  select "key", "crm_id", "class", "reason", "row_count", "signature", "observed_at", "is_pending", "any_reassert", "is_conflict", "is_drift", "any_move", "is_clean", "d0", "km0", "kc0", "ka0", "before0", "after0", "d1", "km1", "kc1", "ka1", "before1", "after1", "xd0", "xm0", "xa0" from removals
