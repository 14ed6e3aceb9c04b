-- What was true of each contact and when, and when we learned of it.
{{ config(
  materialized='history',
  unique_key='contact_id',
  valid_at='modified_at',
  recorded_at='observed_at',
  sequence='sequence',
  deleted='is_deleted',
) }}

select * from {{ ref('contact_versions') }}
