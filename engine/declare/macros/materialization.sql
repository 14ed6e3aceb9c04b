{#
  What materializations of a project's own are made of. They run inside one transaction, which
  commits once the macro has returned and the node's tests hold: see docs/models.md. Our own
  materializations ask none of these.
#}
{% macro create_schema(relation) -%}
{%- do adapter.create_schema(relation) -%}
{%- endmacro %}
{% macro drop_schema(relation) -%}
{%- do adapter.drop_schema(relation) -%}
{%- endmacro %}
{% macro drop_schema_named(schema_name) -%}
{%- do adapter.drop_schema(api.Relation.create(schema=schema_name)) -%}
{%- endmacro %}
{% macro set_sql_header(config) -%}
{%- do config(sql_header=caller()) -%}
{%- endmacro %}
{% macro drop_relation(relation) -%}
{%- do adapter.drop_relation(relation) -%}
{%- endmacro %}
{% macro drop_relation_if_exists(relation) -%}
{%- if relation is not none -%}{%- do adapter.drop_relation(relation) -%}{%- endif -%}
{%- endmacro %}
{% macro rename_relation(from_relation, to_relation) -%}
{%- do adapter.rename_relation(from_relation, to_relation) -%}
{%- endmacro %}
{% macro truncate_relation(relation) -%}
{%- do adapter.truncate_relation(relation) -%}
{%- endmacro %}

{% macro get_create_table_as_sql(temporary, relation, sql) -%}
{{ adapter.dispatch('get_create_table_as_sql', 'dbt')(temporary, relation, sql) }}
{%- endmacro %}
{% macro default__get_create_table_as_sql(temporary, relation, sql) -%}
{{ create_table_as(temporary, relation, sql) }}
{%- endmacro %}
{% macro create_table_as(temporary, relation, compiled_code, language='sql') -%}
{{ adapter.dispatch('create_table_as', 'dbt')(temporary, relation, compiled_code, language) }}
{%- endmacro %}
{% macro default__create_table_as(temporary, relation, compiled_code, language='sql') -%}
{{ config.get('sql_header', '') }}
create {{ 'temporary ' if temporary }}table {{ relation.include(schema=not temporary) }} as (
{{ compiled_code }}
)
{%- endmacro %}
{% macro get_create_view_as_sql(relation, sql) -%}
{{ adapter.dispatch('get_create_view_as_sql', 'dbt')(relation, sql) }}
{%- endmacro %}
{% macro default__get_create_view_as_sql(relation, sql) -%}
{{ create_view_as(relation, sql) }}
{%- endmacro %}
{% macro create_view_as(relation, sql) -%}
{{ adapter.dispatch('create_view_as', 'dbt')(relation, sql) }}
{%- endmacro %}
{% macro default__create_view_as(relation, sql) -%}
{{ config.get('sql_header', '') }}
create view {{ relation }} as (
{{ sql }}
)
{%- endmacro %}
{% macro get_create_sql(relation, sql) -%}
{{ get_create_view_as_sql(relation, sql) if relation.is_view else get_create_table_as_sql(false, relation, sql) }}
{%- endmacro %}
{% macro get_empty_subquery_sql(select_sql, select_sql_header=none) -%}
{{ select_sql_header or '' }} select * from (
{{ select_sql }}
) as no_rows where false
{%- endmacro %}

{% macro make_intermediate_relation(base_relation, suffix='__dbt_tmp') -%}
{{ return(base_relation.incorporate(path={'identifier': base_relation.identifier ~ suffix})) }}
{%- endmacro %}
{% macro make_temp_relation(base_relation, suffix='__dbt_tmp') -%}
{%- set path = {'identifier': base_relation.identifier ~ suffix, 'schema': none, 'database': none} -%}
{{ return(base_relation.incorporate(path=path)) }}
{%- endmacro %}
{% macro make_backup_relation(base_relation, backup_relation_type, suffix='__dbt_backup') -%}
{%- set path = {'identifier': base_relation.identifier ~ suffix} -%}
{{ return(base_relation.incorporate(path=path, type=backup_relation_type)) }}
{%- endmacro %}
{% macro get_or_create_relation(database, schema, identifier, type) -%}
{%- set found = adapter.get_relation(database=database, schema=schema, identifier=identifier) -%}
{%- if found -%}{{ return([true, found]) }}{%- endif -%}
{%- set new = api.Relation.create(database=database, schema=schema, identifier=identifier, type=type) -%}
{{ return([false, new]) }}
{%- endmacro %}

{% macro run_hooks(hooks, inside_transaction=true) -%}
{%- for hook in hooks if hook.transaction == inside_transaction -%}
{%- set text = render(hook.sql) | trim -%}
{%- if text -%}{%- call statement() -%}{{ text }}{%- endcall -%}{%- endif -%}
{%- endfor -%}
{%- endmacro %}

{# Nothing to do in this warehouse. #}
{% macro create_indexes(relation) -%}{%- endmacro %}
{% macro drop_indexes_on_relation(relation) -%}{%- endmacro %}
{% macro apply_grants(relation, grant_config, should_revoke=none) -%}{%- endmacro %}
{% macro should_revoke(existing_relation, full_refresh_mode=true) -%}{{ return(false) }}{%- endmacro %}
{% macro persist_docs(relation, model, for_relation=true, for_columns=true) -%}{%- endmacro %}

{% macro get_insert_into_sql(target_relation, temp_relation, dest_columns) -%}
{%- set names = get_quoted_csv(dest_columns | map(attribute='name')) -%}
insert into {{ target_relation }} ({{ names }}) select {{ names }} from {{ temp_relation }}
{%- endmacro %}
{% macro get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
{%- set keys = [unique_key] if unique_key is string else unique_key or [] -%}
{%- if keys -%}
delete from {{ target }} as target using {{ source }} as source where
{% for key in keys %}{{ 'and ' if not loop.first }}source.{{ key }} = target.{{ key }} {% endfor -%}
{% for predicate in incremental_predicates or [] %}and {{ predicate }} {% endfor -%};
{% endif -%}
{{ get_insert_into_sql(target, source, dest_columns) }}
{%- endmacro %}
{% macro get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
{{ get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) }}
{%- endmacro %}
{% macro get_incremental_append_sql(arg_dict) -%}
{{ get_insert_into_sql(arg_dict['target_relation'], arg_dict['temp_relation'], arg_dict['dest_columns']) }}
{%- endmacro %}
{% macro get_incremental_delete_insert_sql(arg_dict) -%}
{{ get_delete_insert_merge_sql(arg_dict['target_relation'], arg_dict['temp_relation'], arg_dict['unique_key'],
  arg_dict['dest_columns'], arg_dict['incremental_predicates']) }}
{%- endmacro %}
{% macro get_incremental_merge_sql(arg_dict) -%}{{ get_incremental_delete_insert_sql(arg_dict) }}{%- endmacro %}
{% macro get_incremental_default_sql(arg_dict) -%}
{{ get_incremental_delete_insert_sql(arg_dict) if arg_dict['unique_key'] else get_incremental_append_sql(arg_dict) }}
{%- endmacro %}
{% macro incremental_validate_on_schema_change(on_schema_change, default='ignore') -%}
{{ return(on_schema_change or default) }}
{%- endmacro %}
{% macro process_schema_changes(on_schema_change, source_relation, target_relation) -%}
{%- if on_schema_change != 'ignore' -%}
{%- set missing = adapter.get_missing_columns(source_relation, target_relation) -%}
{%- if missing and on_schema_change == 'fail' -%}
{{ exceptions.raise_compiler_error('the columns of ' ~ target_relation ~ ' changed') }}
{%- endif -%}
{%- for column in missing -%}
{%- call statement() -%}
alter table {{ target_relation }} add column {{ column.quoted }} {{ column.data_type }}
{%- endcall -%}
{%- endfor -%}
{%- endif -%}
{{ return(adapter.get_columns_in_relation(source_relation)) }}
{%- endmacro %}

{# How a hook in `config(...)` says where it stands. #}
{% macro make_hook_config(sql, inside_transaction) -%}
{{ tojson({'sql': sql, 'transaction': inside_transaction}) }}
{%- endmacro %}
{% macro before_begin(sql) -%}{{ make_hook_config(sql, inside_transaction=false) }}{%- endmacro %}
{% macro in_transaction(sql) -%}{{ make_hook_config(sql, inside_transaction=true) }}{%- endmacro %}
{% macro after_commit(sql) -%}{{ make_hook_config(sql, inside_transaction=false) }}{%- endmacro %}
