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
