{# Found before the package's own, by `dispatch` in dbt_project.yml. #}
{% macro default__points(amount) %}
  {{- return('floor(' ~ amount ~ ' * ' ~ var('points_per_unit', 2) ~ ')') -}}
{% endmacro %}
