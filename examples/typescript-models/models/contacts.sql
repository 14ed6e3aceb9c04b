{{ config(materialized='table') }}

select id, country, phones
from {{ ref('raw_contacts') }}
