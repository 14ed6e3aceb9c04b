-- Every match between two person records: the rule that found it, in order, and how sure it is.
with records as (
  select *, account_id || '/' || name_key as name_at_account
  from {{ ref('int_person_records') }}
),

found as (
  -- 1. The CRM itself merged one record into another.
  select
    'crm_merge' as rule,
    1.0 as score,
    'salesforce:' || merged_into as left_record,
    record as right_record
  from records
  where merged_into is not null
  union all
  select 'crm_merge', 1.0, record, 'hubspot:' || unnest(string_split(merged_record_ids, ';'))
  from records
  where merged_record_ids is not null
  union all
  -- 2. The HubSpot contact names its Salesforce contact.
  select 'cross_system_id', 1.0, 'salesforce:' || salesforce_contact_id, record
  from records
  where salesforce_contact_id is not null
  union all
  -- 3. The same e-mail address.
  {{ match_by('records', 'email', 'email', 0.95) }}
  union all
  -- 4. The same full name at the same account.
  {{ match_by('records', 'name_at_account', 'name_at_account', 0.75, "name_key like '% %'") }}
)

select left_record, right_record, min_by(rule, -score) as rule, max(score) as score
from found
where
  left_record <> right_record
  and left_record in (select record from records)
  and right_record in (select record from records)
group by left_record, right_record
