/** Keys of config that the engine or dbt reads. Any other is a project's own: macros may ask it. */
export const configKeys: ReadonlySet<string> = new Set(
  `access alias auto_liquid_cluster batch_size begin canonical_id check_cols column_types
  concurrent_batches contract created_at database dbt_valid_to_current decisions deleted delimiter
  description docs duplicate_keys duplicate_order enabled event_time external_location fast format
  freshness full_refresh grants group hard_deletes id_prefix incremental_predicates
  incremental_strategy indexes invalidate_hard_deletes labels limit location lookback materialized
  merge_clauses merge_exclude_columns merge_insert_condition merge_on_using_columns
  merge_returning_columns merge_update_columns merge_update_condition merge_update_set_expressions
  meta on_configuration_change on_schema_change options overwrite packages partition_by partitioned_by
  persist_docs plugin post-hook post_hook pre-hook pre_hook predicates primary_by quote_columns quoting
  record_id recorded_at refresh_every rules schema sequence snapshot_meta_column_names sql_header
  static_analysis store_failures store_failures_as strategy superseded_by system tags target_database
  target_schema tracked unique_key untracked updated_at valid_at where changed_by severity error_if
  warn_if fail_calc sort sorted_by limits cluster_by indirect_selection`.split(/\s+/),
);

export const isConfigKey = (key: string): boolean => configKeys.has(key);
