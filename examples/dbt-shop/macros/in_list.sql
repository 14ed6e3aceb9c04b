{# Texts as the right side of an `in`. #}
{% macro in_list(values) -%}
({% for value in values %}{{ dbt.string_literal(value) }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}
