{# Points of an amount. A project decides otherwise with a macro of its own and `dispatch`. #}
{% macro points(amount) %}
  {{- return(adapter.dispatch('points', 'loyalty')(amount)) -}}
{% endmacro %}

{% macro default__points(amount) %}
  {{- return('floor(' ~ amount ~ ' * ' ~ var('points_per_unit') ~ ')') -}}
{% endmacro %}

{# One row for each relation's name and column: what a template learns of what stands. #}
{% macro columns_of(relation) %}
  {%- set names = [] -%}
  {%- for column in adapter.get_columns_in_relation(relation) -%}
    {%- do names.append(column.name ~ ':' ~ column.data_type) -%}
  {%- endfor -%}
  {{- return(names) -}}
{% endmacro %}
