-- A deal is an opportunity only where it says so: names and amounts repeat too often to guess.
with records as (
  select * from {{ ref('int_opportunity_records') }}
),

found as (
  {{ match_by_salesforce_id('records', 'salesforce_opportunity_id', rank=1) }}
)

{{ first_matches('found', 'records') }}
