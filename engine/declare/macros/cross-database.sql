{#
  dbt's cross-database macros for DuckDB, in dbt's signatures: `dbt.dateadd('day', 1, 'x')`. Each
  `default__NAME` is called by a `NAME` that dispatches (`dbt-macros.ts`), so that a project or
  package overrides it with a `duckdb__` or `default__` macro of its own.

  Line breaks and spaces are part of what they answer: a compiled model is compared with dbt's.
#}
{% macro default__type_string() -%}TEXT{%- endmacro %}
{% macro default__type_timestamp() -%}timestamp{%- endmacro %}
{% macro default__type_float() -%}float{%- endmacro %}
{% macro default__type_numeric() -%}numeric(28,6){%- endmacro %}
{% macro default__type_bigint() -%}bigint{%- endmacro %}
{% macro default__type_int() -%}integer{%- endmacro %}
{% macro default__type_boolean() -%}boolean{%- endmacro %}

{# The value as it is: who has quotes in it doubles them first. #}
{% macro default__string_literal(value) -%}'{{ value }}'{%- endmacro %}
{% macro default__escape_single_quotes(expression) -%}
{{ expression | replace("'", "''") }}
{%- endmacro %}

{% macro default__dateadd(datepart, interval, from_date_or_timestamp) %}
{%- set unit = datepart | lower -%}
{%- set factor = {'quarter': 3, 'week': 7}.get(unit) -%}
{%- set start = from_date_or_timestamp | string | trim -%}
{%- set steps = "cast(" ~ interval ~ " as bigint)" -%}
{{ "\n\n    (" -}}
{# A bare text has no type to add to. #}
{{- 'timestamp ' if start.startswith("'") and start.endswith("'") -}}
{{- from_date_or_timestamp }} + {{ "(" ~ steps ~ " * " ~ factor ~ ")" if factor else steps }} * interval 1
{{- " " ~ {'quarter': 'month', 'week': 'day'}.get(unit, unit) ~ ")" -}}
{% endmacro %}

{# Weeks are spans from one Sunday to the next. #}
{% macro default__datediff(first_date, second_date, datepart) -%}
{%- if datepart == 'week' %}
            ({{ dbt.datediff(first_date, second_date, 'day') }} // 7 + case
            when date_part('dow', ({{ first_date }})::timestamp) <= date_part('dow', ({{ second_date }})::timestamp) then
                case when {{ first_date }} <= {{ second_date }} then 0 else -1 end
            else
                case when {{ first_date }} <= {{ second_date }} then 1 else 0 end
        end)
    {% else %}
        (date_diff('{{ datepart }}', {{ first_date }}::timestamp, {{ second_date }}::timestamp ))
    {% endif -%}
{%- endmacro %}

{% macro default__date_trunc(datepart, date) -%}
date_trunc('{{ datepart }}', {{ date }})
{%- endmacro %}
{% macro default_last_day(date, datepart) -%}
cast(
        {{ dbt.dateadd('day', '-1', dbt.dateadd(datepart, '1', dbt.date_trunc(datepart, date))) }}
        as date)
{%- endmacro %}
{% macro default__last_day(date, datepart) -%}
{%- if datepart == 'quarter' -%}
-- duckdb dateadd does not support quarter interval.
    cast(
        {{ dbt.dateadd('day', '-1', dbt.dateadd('month', '3', dbt.date_trunc(datepart, date))) }}
        as date)
{%- else -%}
{{ dbt.default_last_day(date, datepart) }}
{%- endif -%}
{%- endmacro %}
{% macro default__date(year, month, day) -%}
make_date({{ year }}, {{ month }}, {{ day }})
{%- endmacro %}

{% macro default__concat(fields) -%}{{ fields | join(' || ') }}{%- endmacro %}
{% macro default__hash(field) -%}
md5(cast({{ field }} as {{ api.Column.translate_type('string') }}))
{%- endmacro %}
{% macro default__safe_cast(field, type) %}
{{- "\n    \n    try_cast(" ~ field ~ " as " ~ type ~ ")\n" -}}
{% endmacro %}
{% macro default__cast(field, type) %}
    cast({{ field }} as {{ type }})
{% endmacro %}
{% macro default__cast_bool_to_text(field) %}
{{- "\n  \n    cast(" ~ field ~ " as " ~ api.Column.translate_type('string') ~ ")\n\n" -}}
{% endmacro %}
{% macro default__split_part(string_text, delimiter_text, part_number) %}
    string_split({{ string_text }}, {{ delimiter_text }})[ {{ part_number }} ]
{% endmacro %}
{% macro default__length(expression) %}

    length(
        {{ expression }}
    )
{%- endmacro %}
{% macro default__replace(field, old_chars, new_chars) %}

    replace(
        {{ field }},
        {{ old_chars }},
        {{ new_chars }}
    )


{% endmacro %}
{% macro default__right(string_text, length_expression) %}

    right(
        {{ string_text }},
        {{ length_expression }}
    )
{%- endmacro %}
{% macro default__position(substring_text, string_text) %}

    position(
        {{ substring_text }} in {{ string_text }}
    )
{%- endmacro %}

{# The first value, null or not. #}
{% macro default__any_value(expression) -%}arbitrary({{ expression }}){%- endmacro %}
{% macro default__bool_or(expression) -%}bool_or({{ expression }}){%- endmacro %}
{% macro default__listagg(measure, delimiter_text="','", order_by_clause=none, limit_num=none) -%}
{% if limit_num -%}
    list_aggr(
        (array_agg(
            {{ measure }}
            {% if order_by_clause -%}{{ order_by_clause }}{%- endif %}
        ))[1:{{ limit_num }}],
        'string_agg',
        {{ delimiter_text }}
        )
{%- else %}
    string_agg(
        {{ measure }},
        {{ delimiter_text }}
        {% if order_by_clause -%}{{ order_by_clause }}{%- endif %}
        )
{%- endif -%}
{%- endmacro %}

{% macro default__array_construct(inputs=[], data_type='integer') -%}
{% if inputs %}
    array[ {{ inputs | join(' , ') }} ]
    {% else %}
    array[]::{{ data_type }}[]
    {% endif -%}
{%- endmacro %}
{% macro default__array_append(array, new_element) -%}
array_append({{ array }}, {{ new_element }})
{%- endmacro %}
{% macro default__array_concat(array_1, array_2) -%}
array_cat({{ array_1 }}, {{ array_2 }})
{%- endmacro %}

{% macro default__except() %}{{ "\n\n    except\n\n" }}{% endmacro %}
{% macro default__intersect() %}{{ "\n\n    intersect\n\n" }}{% endmacro %}
{% macro default__equals(expr1, expr2) -%}
({{ expr1 }} = {{ expr2 }})
{% endmacro %}

{# The run's one boundary, not each statement's own time. #}
{% macro boundary_timestamp() -%}
timestamp '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}'
{%- endmacro %}
{% macro default__current_timestamp() -%}{{ dbt.boundary_timestamp() }}{%- endmacro %}
{% macro default__current_timestamp_backcompat() %}{{ '\n    ' ~ dbt.boundary_timestamp() ~ '\n' }}{% endmacro %}
{% macro default__current_timestamp_in_utc_backcompat() -%}
{{ dbt.boundary_timestamp() }}
{%- endmacro %}
{% macro default__snapshot_get_time() -%}{{ dbt.boundary_timestamp() }}{%- endmacro %}
{% macro default__snapshot_string_as_time(timestamp) -%}
'{{ timestamp }}'::timestamp
{%- endmacro %}
{% macro default__snapshot_hash_arguments(args) -%}
md5({% for arg in args %}coalesce(cast({{ arg }} as varchar), ''){{ " || '|' || " if not loop.last }}{% endfor %})
{%- endmacro %}

{% macro default__get_powers_of_two(upper_bound) -%}
{%- if upper_bound <= 0 -%}
{{ exceptions.raise_compiler_error("upper bound must be positive") }}
{%- endif -%}
{%- for power in range(1, 100) -%}
{%- if upper_bound <= 2 ** power -%}{{ return(power) }}{%- endif -%}
{%- endfor -%}
{%- endmacro %}
{% macro default__generate_series(upper_bound) %}
    select
        generate_series as generated_number
    from generate_series(1, {{ upper_bound }})
{% endmacro %}
{% macro default__get_intervals_between(start_date, end_date, datepart) -%}
{%- call statement('get_intervals_between', fetch_result=True) %}
select {{ dbt.datediff(start_date, end_date, datepart) }}
{%- endcall -%}
{%- set value_list = load_result('get_intervals_between') -%}
{{ return(value_list['data'][0][0] | int if value_list and value_list['data'] else 1) }}
{%- endmacro %}

{#
  As many steps from the start as the dates are apart, and none past the end: from the 31st of a
  month too. The warehouse counts them when it runs, so nothing has to be asked before.
#}
{% macro default__date_spine(datepart, start_date, end_date) -%}
with steps as (
    select unnest(range(cast({{ dbt.datediff(start_date, end_date, datepart) }} as bigint))) as step
),
spine as (
    select {{ dbt.dateadd(datepart, 'step', start_date) }} as date_{{ datepart }} from steps
)
select date_{{ datepart }} from spine where date_{{ datepart }} <= {{ end_date }}
{%- endmacro %}
