-- What was true of each case and when, and when we learned of it.
{{ config(
  materialized='history',
  unique_key='case_id',
  valid_at='modified_at',
  recorded_at='observed_at',
  sequence='sequence',
  deleted='is_deleted',
) }}

select * from {{ ref('case_versions') }}
