{% macro cents_to_money(column_name, scale=2) -%}
  {{ return(adapter.dispatch('cents_to_money', 'shop_tools')(column_name, scale)) }}
{%- endmacro %}

{% macro default__cents_to_money(column_name, scale) -%}
  cast({{ column_name }} as numeric(16, {{ scale }})) / 100
{%- endmacro %}

{% macro duckdb__cents_to_money(column_name, scale) -%}
  cast({{ column_name }} / 100 as decimal(16, {{ scale }}))
{%- endmacro %}
