-- How much of each kind of record both CRMs know.
{% for name in ['account', 'contact', 'opportunity'] -%}
select
  '{{ name }}' as object,
  count(*) as records,
  count(*) filter (where salesforce_id is not null and hubspot_id is not null) as in_both,
  count(*) filter (where hubspot_id is null) as only_in_salesforce,
  count(*) filter (where salesforce_id is null) as only_in_hubspot,
  round(count(*) filter (where salesforce_id is not null and hubspot_id is not null) / count(*), 3)
    as share_in_both
from {{ ref(name) }}
{{ 'union all' if not loop.last }}
{% endfor %}
