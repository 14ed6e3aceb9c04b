{{ config(materialized='incremental', unique_key=['order_id', 'day'], cluster=['a', 'b'], hidden=true, group='sales') }}
select order_id, amount, day from {{ ref('stg_orders') }}, {{ ref('calendar') }}
