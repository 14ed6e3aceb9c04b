-- Every match between two account records: the rule that found it, in order, and how sure it is.
with records as (
  select * from {{ ref('int_account_records') }}
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
  -- 2. The HubSpot company names its Salesforce account.
  select 'cross_system_id', 1.0, 'salesforce:' || salesforce_account_id, record
  from records
  where salesforce_account_id is not null
  union all
  -- 3. The same web domain.
  {{ match_by('records', 'domain', 'domain', 0.95) }}
  union all
  -- 4. The same name once legal forms and punctuation are left out, where a domain is missing.
  {{ match_by('records', 'name_key', 'name', 0.8, "length(name_key) >= 4") }}
)

select left_record, right_record, min_by(rule, -score) as rule, max(score) as score
from found
where
  left_record <> right_record
  and left_record in (select record from records)
  and right_record in (select record from records)
group by left_record, right_record
