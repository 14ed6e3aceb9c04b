{% set statuses = dbt.run_query('select distinct status from ' ~ ref('orders') ~ ' order by 1') %}

select
  customer_id,
  {% if execute -%}
  {%- for row in statuses.rows %}
  count(*) filter (where status = '{{ row[0] }}') as {{ row.status }}_orders,
  {%- endfor %}
  {%- endif %}
  count(*) as orders
from {{ ref('orders') }}
group by customer_id
