/**
 * dbt's cross-database macros for DuckDB, in dbt's own signatures: `dbt.dateadd('day', 1, 'x')`.
 * A project or package overrides any of them with a `duckdb__` or `default__` macro of its own.
 */
interface MacroSpec {
  readonly name: string;
  readonly signature: string;
  readonly body: string;
}

const macro = (name: string, signature: string, body: string): MacroSpec => ({
  name,
  signature,
  body,
});

const types = [
  ['type_string', 'varchar'],
  ['type_timestamp', 'timestamp'],
  ['type_float', 'float'],
  ['type_numeric', 'numeric(28,6)'],
  ['type_bigint', 'bigint'],
  ['type_int', 'integer'],
  ['type_boolean', 'boolean'],
].map(([name = '', type = '']) => macro(name, '', type));

const specs: readonly MacroSpec[] = [
  ...types,
  macro('string_literal', 'value', `'{{ value | replace("'", "''") }}'`),
  macro('escape_single_quotes', 'expression', `{{ expression | replace("'", "''") }}`),
  macro(
    'dateadd',
    'datepart, interval, from_date_or_timestamp',
    // A bare text has no type to add to.
    `{%- set start = from_date_or_timestamp | string | trim -%}` +
      `date_add({{ 'timestamp ' if start.startswith("'") and start.endswith("'") }}` +
      `{{ from_date_or_timestamp }}, interval ({{ interval }}) {{ datepart }})`,
  ),
  macro(
    'datediff',
    'first_date, second_date, datepart',
    `date_diff('{{ datepart }}', {{ first_date }}::timestamp, {{ second_date }}::timestamp)`,
  ),
  macro('date_trunc', 'datepart, date', `date_trunc('{{ datepart }}', {{ date }})`),
  macro(
    'last_day',
    'date, datepart',
    `cast(date_add(date_add(date_trunc('{{ datepart }}', {{ date }}), ` +
      `interval 1 {{ datepart }}), interval (-1) day) as date)`,
  ),
  macro('date', 'year, month, day', `make_date({{ year }}, {{ month }}, {{ day }})`),
  macro('concat', 'fields', `{{ fields | join(' || ') }}`),
  macro('hash', 'field', `md5(cast({{ field }} as varchar))`),
  macro('safe_cast', 'field, type', `try_cast({{ field }} as {{ type }})`),
  macro('cast', 'field, type', `cast({{ field }} as {{ type }})`),
  macro('cast_bool_to_text', 'field', `cast({{ field }} as varchar)`),
  macro(
    'split_part',
    'string_text, delimiter_text, part_number',
    `{% if part_number >= 0 %}split_part({{ string_text }}, {{ delimiter_text }}, ` +
      `{{ part_number }}){% else %}list_extract(string_split({{ string_text }}, ` +
      `{{ delimiter_text }}), {{ part_number }}){% endif %}`,
  ),
  macro('length', 'expression', `length({{ expression }})`),
  macro(
    'replace',
    'field, old_chars, new_chars',
    `replace({{ field }}, {{ old_chars }}, {{ new_chars }})`,
  ),
  macro(
    'right',
    'string_text, length_expression',
    `right({{ string_text }}, {{ length_expression }})`,
  ),
  macro(
    'position',
    'substring_text, string_text',
    `position({{ substring_text }} in {{ string_text }})`,
  ),
  macro('any_value', 'expression', `any_value({{ expression }})`),
  macro('bool_or', 'expression', `bool_or({{ expression }})`),
  macro('except', '', 'except'),
  macro('intersect', '', 'intersect'),
  macro(
    'listagg',
    `measure, delimiter_text="','", order_by_clause=none, limit_num=none`,
    `{% if limit_num -%}list_aggr(({% endif -%}` +
      `{% if limit_num %}array_agg({{ measure }} {{ order_by_clause or '' }})` +
      `)[1:{{ limit_num }}], 'string_agg', {{ delimiter_text }})` +
      `{% else %}string_agg({{ measure }}, {{ delimiter_text }} {{ order_by_clause or '' }})` +
      `{% endif %}`,
  ),
  macro(
    'array_construct',
    "inputs=[], data_type='integer'",
    `{% if inputs %}[{{ inputs | join(', ') }}]` +
      `{% else %}cast([] as {{ data_type }}[]){% endif %}`,
  ),
  macro('array_append', 'array, new_element', `list_append({{ array }}, {{ new_element }})`),
  macro('array_concat', 'array_1, array_2', `list_concat({{ array_1 }}, {{ array_2 }})`),
  macro('current_timestamp', '', `{{ dbt.boundary_timestamp() }}`),
  macro('current_timestamp_backcompat', '', `{{ dbt.boundary_timestamp() }}`),
  macro('current_timestamp_in_utc_backcompat', '', `{{ dbt.boundary_timestamp() }}`),
  macro('snapshot_get_time', '', `{{ dbt.boundary_timestamp() }}`),
  macro('equals', 'expr1, expr2', `({{ expr1 }} is not distinct from {{ expr2 }})`),
];

/** Macros without dispatch: what is the same in every database, or built from the others. */
const plainMacros = `
{% macro boundary_timestamp() -%}
timestamp '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}'
{%- endmacro %}
{% macro api_type_string() -%}varchar{%- endmacro %}
{% macro get_where_subquery(relation) -%}{{ return(relation) }}{%- endmacro %}
{# DuckDB has one information_schema for all its catalogs: packages look for one in each. #}
{% macro duckdb__get_tables_by_pattern_sql(schema_pattern, table_pattern, exclude='', database=none) -%}
select distinct
    table_schema as "table_schema",
    table_name as "table_name",
    case table_type when 'BASE TABLE' then 'table' else lower(table_type) end as "table_type"
from information_schema.tables
where table_catalog = {{ dbt.string_literal(database) if database else 'current_database()' }}
    and table_schema ilike {{ dbt.string_literal(schema_pattern) }}
    and table_name ilike {{ dbt.string_literal(table_pattern) }}
    and table_name not ilike {{ dbt.string_literal(exclude) }}
{%- endmacro %}
{% macro load_relation(relation) -%}
{{ return(adapter.load_relation(relation)) }}
{%- endmacro %}
{% macro load_cached_relation(relation) -%}
{{ return(adapter.load_relation(relation)) }}
{%- endmacro %}
{% macro should_store_failures() -%}{{ return(false) }}{%- endmacro %}
{% macro get_columns_in_query(select_sql) -%}
{{ return(run_query(select_sql).columns.keys() | list if execute else []) }}
{%- endmacro %}
{% macro get_columns_in_relation(relation) -%}
{{ return(adapter.get_columns_in_relation(relation)) }}
{%- endmacro %}
{% macro get_quoted_csv(column_names) -%}
{%- for name in column_names -%}{{ adapter.quote(name) }}{{ ", " if not loop.last }}{%- endfor -%}
{%- endmacro %}
{% macro noop_statement(name=none, message=none, code=none, rows_affected=none, res=none) -%}
{%- endmacro %}
{% macro get_intervals_between(start_date, end_date, datepart) -%}
{%- call statement('get_intervals_between', fetch_result=True) %}
select {{ dbt.datediff(start_date, end_date, datepart) }}
{%- endcall -%}
{%- set value_list = load_result('get_intervals_between') -%}
{%- if value_list and value_list['data'] -%}
{{ return(value_list['data'][0][0] | int) }}
{%- else -%}
{{ return(1) }}
{%- endif -%}
{%- endmacro %}
{% macro generate_series(upper_bound) -%}
select range + 1 as generated_number from range({{ upper_bound }})
{%- endmacro %}
{% macro date_spine(datepart, start_date, end_date) -%}
select unnest(generate_series(
    cast({{ start_date }} as timestamp),
    cast({{ end_date }} as timestamp) - interval 1 {{ datepart }},
    interval 1 {{ datepart }}
)) as date_{{ datepart }}
{%- endmacro %}
`;

function writeMacro({ name, signature, body }: MacroSpec): string {
  // The public name takes and passes whatever it was given: an override may have other defaults.
  return [
    `{% macro ${name}() -%}`,
    `{{ return(adapter.dispatch('${name}', 'dbt')(*varargs, **kwargs)) }}`,
    `{%- endmacro %}`,
    `{% macro default__${name}(${signature}) -%}${body}{%- endmacro %}`,
  ].join('\n');
}

export const crossDatabaseMacros = `${specs.map(writeMacro).join('\n')}\n${plainMacros}`;
