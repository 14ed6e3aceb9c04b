{#
  What snapshot strategies of a project's own are made of: `snapshot_NAME_strategy(node,
  snapshotted_rel, current_rel, model_config, target_exists)` answers a dict of SQL. Our own
  strategies ask none of these.
#}
{% macro strategy_answer(updated_at, row_changed) -%}
{%- set key = config.get('unique_key') -%}
{%- set hard_deletes = adapter.get_hard_deletes_behavior(config) -%}
{{ return({
  'unique_key': key,
  'updated_at': updated_at,
  'row_changed': row_changed,
  'scd_id': snapshot_hash_arguments(api.Relation.scd_args(key, updated_at)),
  'invalidate_hard_deletes': hard_deletes == 'invalidate',
  'hard_deletes': hard_deletes,
}) }}
{%- endmacro %}
{% macro snapshot_timestamp_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) -%}
{%- set updated_at = config.get('updated_at') -%}
{%- set since = get_snapshot_table_column_names().dbt_valid_from -%}
{{ return(dbt.strategy_answer(updated_at,
  '(' ~ snapshotted_rel ~ '.' ~ since ~ ' < ' ~ current_rel ~ '.' ~ updated_at ~ ')')) }}
{%- endmacro %}
{% macro snapshot_check_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) -%}
{%- set added, names = snapshot_check_all_get_existing_columns(node, target_exists, config.get('check_cols')) -%}
{%- set tests = ['true' if added else 'false'] -%}
{%- for name in names -%}
{%- do tests.append(snapshotted_rel ~ '.' ~ name ~ ' is distinct from ' ~ current_rel ~ '.' ~ name) -%}
{%- endfor -%}
{{ return(dbt.strategy_answer(config.get('updated_at') or snapshot_get_time(), '(' ~ tests | join(' or ') ~ ')')) }}
{%- endmacro %}
{% macro snapshot_check_all_get_existing_columns(node, target_exists, check_cols_config) -%}
{%- if not target_exists -%}{{ return((false, [])) }}{%- endif -%}
{%- set asked = '*' if check_cols_config == 'all' else check_cols_config | join(', ') -%}
{%- set wanted = get_columns_in_query('select ' ~ asked ~ ' from (\n' ~ node['compiled_code'] ~ '\n) as asked limit 0') -%}
{%- set standing = adapter.get_columns_in_relation(this) | map(attribute='name') | map('lower') | list -%}
{%- set known = [] -%}
{%- for name in wanted if name | lower in standing -%}{%- do known.append(adapter.quote(name)) -%}{%- endfor -%}
{{ return((known | length < wanted | length, known)) }}
{%- endmacro %}
{% macro get_snapshot_table_column_names() -%}
{%- set names = {} -%}
{%- for name in ['dbt_valid_to', 'dbt_valid_from', 'dbt_scd_id', 'dbt_updated_at', 'dbt_is_deleted'] -%}
{%- do names.update({name: (config.get('snapshot_meta_column_names') or {}).get(name) or name}) -%}
{%- endfor -%}
{{ return(names) }}
{%- endmacro %}
{% macro get_true_sql() -%}{{ return('true') }}{%- endmacro %}
