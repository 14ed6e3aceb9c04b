insert into "tidemill"."sync_plan" ("plan_id", "run_id", "planned_at", "sync", "key", "crm_id", "action", "field", "kind", "before_crm", "before_accepted", "after", "accepts", "reason", "observed_at", "signature")
    select
      $1, $2, cast($3 as timestamp),
      $4, key, crm_id, case when class = 'update' and "d0" like 'send:%' or (class = 'create' and "km0" <> '') or class = 'archive' then class
        when "d0" = 'adopt' then 'adopt'
        when "d0" = 'report:drift' then 'drift'
        when "d0" = 'report:review' then 'conflict'
        else 'not_held' end, 'lastname', 'text', "before0",
      "ka0", case when class <> 'archive' then "after0" end, "km0", coalesce("d0", reason), observed_at, signature
    from "tidemill_sync"."contacts__diff" as diff
    where (class = 'update' and "d0" like 'send:%') or (class = 'create' and "km0" <> '') or class = 'archive'
        or (("d0" = 'adopt' or "d0" like 'report:%') and class <> 'rejected');

insert into "tidemill"."sync_plan" ("plan_id", "run_id", "planned_at", "sync", "key", "crm_id", "action", "field", "kind", "before_crm", "before_accepted", "after", "accepts", "reason", "observed_at", "signature")
    select
      $1, $2, cast($3 as timestamp),
      $4, key, crm_id, case when class = 'update' and "d1" like 'send:%' or (class = 'create' and "km1" <> '') or class = 'archive' then class
        when "d1" = 'adopt' then 'adopt'
        when "d1" = 'report:drift' then 'drift'
        when "d1" = 'report:review' then 'conflict'
        else 'not_held' end, 'score', 'number', "before1",
      "ka1", case when class <> 'archive' then "after1" end, "km1", coalesce("d1", reason), observed_at, signature
    from "tidemill_sync"."contacts__diff" as diff
    where (class = 'update' and "d1" like 'send:%') or (class = 'create' and "km1" <> '') or class = 'archive'
        or (("d1" = 'adopt' or "d1" like 'report:%') and class <> 'rejected');

insert into "tidemill"."sync_plan" ("plan_id", "run_id", "planned_at", "sync", "key", "crm_id", "action", "field", "kind", "before_crm", "before_accepted", "after", "accepts", "reason", "observed_at", "signature")
    select
      $1, $2, cast($3 as timestamp),
      $4, key, crm_id, case when class = 'create' then 'create' else 'associate' end, '@companies', 'record_id', null,
      "xa0", "xm0", "xm0", coalesce("xd0", reason), observed_at, signature
    from "tidemill_sync"."contacts__diff" as diff
    where "xm0" is not null
        and (class = 'create' or (class = 'update' and "xd0" is not null));

insert into "tidemill"."sync_plan" ("plan_id", "run_id", "planned_at", "sync", "key", "crm_id", "action", "field", "kind", "before_crm", "before_accepted", "after", "accepts", "reason", "observed_at", "signature")
    select
      $1, $2, cast($3 as timestamp),
      $4, key, crm_id, class, null, null, null,
      null, null, null, reason, observed_at, signature
    from "tidemill_sync"."contacts__diff" as diff
    where class in ('rejected', 'gone', 'locked', 'unmatched')
