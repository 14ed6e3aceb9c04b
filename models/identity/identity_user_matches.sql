-- Salesforce users and HubSpot owners who share an e-mail address.
with records as (
  select * from {{ ref('int_user_records') }}
),

found as (
  {{ match_by('records', 'email', rank=1, rule='email', score=1.0) }}
)

{{ first_matches('found', 'records') }}
