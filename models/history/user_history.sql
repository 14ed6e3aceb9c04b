-- What was true of each user and when, and when we learned of it.
{{ config(
  materialized='history',
  unique_key='user_id',
  valid_at='modified_at',
  recorded_at='observed_at',
  sequence='sequence',
  deleted='is_deleted',
) }}

select * from {{ ref('user_versions') }}
