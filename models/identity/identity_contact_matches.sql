-- Every match between two person records: the first rule that found it, and how sure that rule is.
with records as (
  select *, account_id || '/' || name_key as name_at_account
  from {{ ref('int_person_records') }}
),

found as (
  {{ match_by_merge('records', rank=1) }}
  union all
  {{ match_by_salesforce_id('records', 'salesforce_contact_id', rank=2) }}
  union all
  -- The same e-mail address.
  {{ match_by('records', 'email', rank=3, rule='email', score=0.95) }}
  union all
  -- The same full name at the same account.
  {{ match_by('records', 'name_at_account', rank=4, rule='name_at_account', score=0.75,
    extra_condition="name_key like '% %'") }}
)

{{ first_matches('found', 'records') }}
