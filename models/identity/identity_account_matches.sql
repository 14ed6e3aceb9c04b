-- Every match between two account records: the first rule that found it, and how sure that rule is.
with records as (
  select * from {{ ref('int_account_records') }}
),

found as (
  {{ match_by_merge('records', rank=1) }}
  union all
  {{ match_by_salesforce_id('records', 'salesforce_account_id', rank=2) }}
  union all
  -- The same web domain.
  {{ match_by('records', 'domain', rank=3, rule='domain', score=0.95) }}
  union all
  -- The same name once legal forms and punctuation are left out.
  {{ match_by('records', 'name_key', rank=4, rule='name', score=0.8,
    extra_condition='length(name_key) >= 4') }}
)

{{ first_matches('found', 'records') }}
