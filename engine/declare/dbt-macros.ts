/** Macros without dispatch: what is the same in every database, or built from the others. */
export const plainMacros = `
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
{% macro check_schema_exists(information_schema, schema) -%}
{{ return(run_query("select count(*) from information_schema.schemata where catalog_name = "
    ~ "current_database() and schema_name = " ~ dbt.string_literal(schema))) }}
{%- endmacro %}
{% macro list_schemas(database) -%}
{{ return(run_query("select distinct schema_name from information_schema.schemata where catalog_name = "
    ~ ("current_database()" if not database else dbt.string_literal(database)))) }}
{%- endmacro %}
{% macro list_relations_without_caching(schema_relation) -%}
{{ return(run_query("select table_catalog as \\"database\\", table_name as name, table_schema as \\"schema\\", "
    ~ "case table_type when 'BASE TABLE' then 'table' else lower(table_type) end as type "
    ~ "from information_schema.tables where table_schema = "
    ~ dbt.string_literal(schema_relation.schema))) }}
{%- endmacro %}
{% macro information_schema_name(database) -%}information_schema{%- endmacro %}
{% macro diff_columns(source_columns, target_columns) -%}
{%- set known = target_columns | map(attribute='name') | list -%}
{{ return(source_columns | rejectattr('name', 'in', known) | list) }}
{%- endmacro %}
{% macro diff_column_data_types(source_columns, target_columns) -%}
{%- set changed = [] -%}
{%- for column in source_columns -%}
{%- for other in target_columns if other.name == column.name and other.data_type != column.data_type -%}
{%- do changed.append({'column_name': other.name, 'new_type': column.data_type}) -%}
{%- endfor -%}
{%- endfor -%}
{{ return(changed) }}
{%- endmacro %}
{% macro get_merge_update_columns(merge_update_columns, merge_exclude_columns, dest_columns) -%}
{%- if merge_update_columns and merge_exclude_columns -%}
{{ exceptions.raise_compiler_error('merge_update_columns and merge_exclude_columns: say one of the two') }}
{%- endif -%}
{%- if merge_update_columns -%}{{ return(merge_update_columns) }}{%- endif -%}
{%- set left_out = (merge_exclude_columns or []) | map('lower') | list -%}
{%- set names = [] -%}
{%- for column in dest_columns if column.column | lower not in left_out -%}
{%- do names.append(column.quoted) -%}
{%- endfor -%}
{{ return(names) }}
{%- endmacro %}
{% macro get_limit_subquery_sql(sql, limit) -%}
{{ sql }}
limit {{ limit }}
{%- endmacro %}
{% macro diff_of_two_dicts(dict_a, dict_b) -%}
{%- set left = {} -%}
{%- for key, values in dict_a.items() -%}
{%- set known = dict_b.get(key, []) | map('lower') | list -%}
{%- set others = [] -%}
{%- for value in values if value | lower not in known -%}{%- do others.append(value) -%}{%- endfor -%}
{%- if others -%}{%- do left.update({key: others}) -%}{%- endif -%}
{%- endfor -%}
{{ return(left) }}
{%- endmacro %}
{% macro dates_in_range(start_date_str, end_date_str=none, in_fmt='%Y%m%d', out_fmt='%Y%m%d') -%}
{%- set first = convert_datetime(start_date_str, in_fmt) -%}
{%- set last = convert_datetime(end_date_str if end_date_str is not none else start_date_str, in_fmt) -%}
{%- if last < first -%}
{{ exceptions.raise_compiler_error('the range ends at ' ~ last ~ ', before it starts at ' ~ first) }}
{%- endif -%}
{%- set days = [] -%}
{%- for day in range(0, (last - first).days + 1) -%}
{%- do days.append((first + modules.datetime.timedelta(days=day)).strftime(out_fmt)) -%}
{%- endfor -%}
{{ return(days) }}
{%- endmacro %}
{% macro convert_datetime(date_str, date_fmt) -%}
{{ return(modules.datetime.datetime.strptime(date_str, date_fmt)) }}
{%- endmacro %}
{% macro noop_statement(name=none, message=none, code=none, rows_affected=none, res=none) -%}
{%- endmacro %}
`;

/**
 * For every `default__NAME` of the text a `NAME` that finds it, or what a project has in its place.
 * It takes and passes on whatever it was given: an override may have other defaults.
 */
export function writeDispatchers(text: string): string {
  return [...text.matchAll(/{% macro default__(\w+)\(/g)]
    .map(([, name = '']) =>
      [
        `{% macro ${name}() -%}`,
        `{{ return(adapter.dispatch('${name}', 'dbt')(*varargs, **kwargs)) }}`,
        `{%- endmacro %}`,
      ].join('\n'),
    )
    .join('\n');
}
