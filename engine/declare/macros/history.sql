{#
  What a history says, as conditions on its columns. Arguments are SQL.

    select * from {{ ref('account_history') }} where {{ as_of("date '2026-03-01'") }}
        true on that day, as believed now
    select * from {{ ref('account_history') }} where {{ as_of('d.day', recorded='d.day + 1') }}
        true on that day, as believed a day later

  `alias` is the history's alias in a join.
#}
{% macro as_of(valid, recorded=none, alias=none) -%}
{%- if valid is undefined or valid is none -%}
{{- exceptions.raise_compiler_error("as_of needs an instant: as_of(\"date '2026-03-01'\")") -}}
{%- endif -%}
{#- Without quotes of its own a day is a subtraction: 2026 - 3 - 1. -#}
{%- for instant in [valid | string, recorded | string]
  if instant[:4].isdigit() and instant[4:5] == '-' and instant[5:7].isdigit() -%}
{{- exceptions.raise_compiler_error(
  'as_of takes SQL, not a bare ' ~ instant ~ ": as_of(\"timestamp '" ~ instant ~ "'\")"
) -}}
{%- endfor -%}
{%- set t = alias ~ '.' if alias else '' -%}
(
  {{ t }}valid_from <= {{ valid }}
  {%- if recorded is none %}
  and ({{ t }}valid_to is null or {{ t }}valid_to > {{ valid }})
  and {{ t }}recorded_to is null
  {%- else %}
  and ({{ t }}valid_to is null or {{ t }}valid_to > {{ valid }} or {{ t }}valid_to_recorded_at > {{ recorded }})
  and {{ t }}recorded_from <= {{ recorded }}
  and ({{ t }}recorded_to is null or {{ t }}recorded_to > {{ recorded }})
  {%- endif %}
)
{%- endmacro %}

{# The end of a row as it was known at `recorded`: null while it was believed to be open. #}
{% macro valid_to_as_of(recorded, alias=none) -%}
{%- set t = alias ~ '.' if alias else '' -%}
case when {{ t }}valid_to_recorded_at <= {{ recorded }} then {{ t }}valid_to end
{%- endmacro %}

{#
  A history in the shape of a dbt snapshot: what is believed now, one row a version.
    {{ history_as_dbt_snapshot(ref('account_history'), ['account_id']) }}
#}
{% macro history_as_dbt_snapshot(relation, unique_key) -%}
{%- set keys = [unique_key] if unique_key is string else unique_key -%}
select
  history.* exclude (
    valid_from, valid_to, valid_to_recorded_at, recorded_from, recorded_to, is_current
  ),
  md5(
    {%- for key in keys %}
    coalesce(cast(history.{{ key }} as varchar), '') || '|' ||
    {%- endfor %}
    cast(history.valid_from as varchar)
  ) as dbt_scd_id,
  history.valid_from as dbt_updated_at,
  history.valid_from as dbt_valid_from,
  history.valid_to as dbt_valid_to
from {{ relation }} as history
where history.recorded_to is null
{%- endmacro %}
