{# A name that starts with "=" is the schema itself; others follow dbt's rule. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
  {%- if custom_schema_name is not none and custom_schema_name.startswith('=') -%}
    {{ custom_schema_name[1:] | trim }}
  {%- else -%}
    {{ default__generate_schema_name(custom_schema_name, node) }}
  {%- endif -%}
{%- endmacro %}
