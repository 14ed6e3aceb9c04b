{{ config(group='sales') }}
select sum(amount) as amount from {{ ref('revenue') }}
