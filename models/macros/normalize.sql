{# Text forms that are equal when people would call two values the same. Null stays null. #}

{% macro normalize_email(value) -%}
  nullif(lower(trim({{ value }})), '')
{%- endmacro %}

{# example.com of https://www.Example.com/about #}
{% macro normalize_domain(value) -%}
  nullif(split_part(regexp_replace(lower(trim({{ value }})), '^(https?://)?(www\.)?', ''), '/', 1), '')
{%- endmacro %}

{# Company names without punctuation and legal forms: "Acme, Inc." and "ACME" are equal. #}
{% macro normalize_company(value) -%}
  nullif(trim(regexp_replace(
    regexp_replace(lower(strip_accents({{ value }})), '[^\p{L}\p{N}]+', ' ', 'g'),
    '\s*\b(inc|incorporated|corp|corporation|co|company|llc|ltd|limited|gmbh|ag|sa|plc|bv)\b\s*', ' ', 'g'
  )), '')
{%- endmacro %}

{# Letters of any alphabet, without accents: "Ängström, Åsa" is "angstrom asa". #}
{% macro normalize_person(first_name, last_name) -%}
  nullif(trim(regexp_replace(
    lower(strip_accents(concat_ws(' ', {{ first_name }}, {{ last_name }}))), '[^\p{L}]+', ' ', 'g'
  )), '')
{%- endmacro %}
