{% test at_most(model, column_name, limit_at) %}
{{ config(fail_calc='coalesce(sum(over_by), 0)') }}
select {{ column_name }} - {{ limit_at }} as over_by
from {{ model }}
where {{ column_name }} > {{ limit_at }}
{% endtest %}
