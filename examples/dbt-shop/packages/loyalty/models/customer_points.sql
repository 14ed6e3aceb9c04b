{{ config(post_hook="insert into {{ target.schema }}_audit.builds select '{{ this.name }}' where '{{ this.name }}' not in (select name from {{ target.schema }}_audit.builds)") }}

with earned as (
  select customer_id, cast(sum({{ loyalty.points('amount') }}) as integer) as points
  from {{ ref(var('orders_model')) }}
  where is_paid
  group by customer_id
)

select
  earned.customer_id,
  earned.points,
  (
    select max_by(tiers.tier, tiers.points_from)
    from {{ ref('tiers') }} as tiers
    where tiers.points_from <= earned.points
  ) as tier
from earned
