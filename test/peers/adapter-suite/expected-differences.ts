/**
 * Tests of dbt-tests-adapter that do not pass through Tidemill, by why: what is so by design, and
 * what dbt-duckdb fails as well (a type it does not know, data beside dbt's own tests, another
 * warehouse).
 */
const byReason: Readonly<Record<string, readonly string[]>> = {
  "it looks into the cache of dbt's adapter": [
    'Test_caching_CachingLowerCaseModel.test_cache',
    'Test_caching_CachingSelectedSchemaOnly.test_cache',
    'Test_caching_NoPopulateCache.test_cache',
  ],
  'a template only reads: `adapter` is refused what would change the warehouse': [
    'Test_basic_BaseCaching.test_adapter_methods',
    'Test_empty_MetadataWithEmptyFlag.test_run[alter_relation_add_remove_columns]',
    'Test_empty_MetadataWithEmptyFlag.test_run[truncate_relation]',
  ],
  'the same fault in other words': [
    'Test_constraints_IncrementalConstraintsColumnsEqual.test__constraints_wrong_column_names',
    'Test_constraints_TableConstraintsColumnsEqual.test__constraints_wrong_column_names',
    'Test_constraints_ViewConstraintsColumnsEqual.test__constraints_wrong_column_names',
    'Test_dbt_clone_BaseClonePossible.test_clone_no_state',
    'Test_incremental_IncrementalOnSchemaChange.test_run_incremental_fail_on_schema_change',
    'Test_persist_docs_PersistDocsColumnMissing.test_missing_column_warning',
    'Test_simple_seed_SeedWithEmptyDelimiter.test_seed_with_empty_delimiter',
    'Test_simple_snapshot_BaseSnapshotInvalidColumnNames.test_snapshot_invalid_column_names',
    'Test_store_test_failures_tests_StoreTestFailuresAsExceptions.test_tests_run_unsuccessfully_and_raise_appropriate_exception',
    'Test_unit_testing_PostgresUnitTestInvalidInput.test_invalid_input',
  ],
  "it reads the statement of dbt's materialization under target/run": [
    'Test_constraints_IncrementalConstraintsRuntimeDdlEnforcement.test__constraints_ddl',
    'Test_constraints_ModelConstraintsRuntimeEnforcement.test__model_constraints_ddl',
    'Test_constraints_TableConstraintsRuntimeDdlEnforcement.test__constraints_ddl',
  ],
  'a clone of the target itself fails, and connections that a test holds end with each command': [
    'Test_dbt_clone_CloneSameTargetAndState.test_clone_same_target_and_state',
    'Test_dbt_clone_PostgresCloneNotPossible.test_can_clone_false',
  ],
  '`--limit` is no part of the compiled SQL': [
    'Test_dbt_show_PostgresShowLimit.test_limit[args0-5]',
    'Test_dbt_show_PostgresShowLimit.test_limit[args1-3]',
  ],
  '`sql_header` is refused with what to do instead': [
    'Test_dbt_show_PostgresShowSqlHeader.test_sql_header',
  ],
  'a `limit` beside `--limit` works': [
    'Test_dbt_show_ShowDoesNotHandleDoubleLimit.test_double_limit_throws_syntax_error',
  ],
  'a node with an ephemeral input that does not compile is an error, not skipped': [
    'Test_ephemeral_EphemeralErrorHandling.test_ephemeral_error_handling',
  ],
  'hooks under both spellings are run': [
    'Test_hooks_DuplicateHooksInConfigs.test_run_duplicate_hook_defs',
  ],
  'a `ref` in a hook of a seed is an input of the seed': [
    'Test_hooks_HooksRefsOnSeeds.test_hook_with_ref_on_seeds',
  ],
  'its seed has a key twice, or null: a batch of such is refused': [
    'Test_incremental_IncrementalUniqueKey.test__bad_unique_key',
    'Test_incremental_IncrementalUniqueKey.test__bad_unique_key_list',
    'Test_incremental_IncrementalUniqueKey.test__duplicated_unary_unique_key_list',
    'Test_incremental_IncrementalUniqueKey.test__one_unique_key',
    'Test_incremental_IncrementalUniqueKey.test__trinary_unique_key_list',
    'Test_incremental_IncrementalUniqueKey.test__trinary_unique_key_list_no_update',
    'Test_incremental_IncrementalUniqueKey.test__unary_unique_key_list',
  ],
  'DuckDB finds a column in any case: its description is written': [
    'Test_persist_docs_PersistDocsQuotedColumnCaseSensitive.test_quoted_column_case_sensitive_warning',
    'Test_persist_docs_PersistDocsQuotedDescriptionNotAppliedOnMismatch.test_quoted_description_not_applied_on_case_mismatch',
  ],
  'statements bear no `query-comment`': [
    'Test_query_comment_MacroArgsQueryComments.test_matches_comment',
    'Test_query_comment_MacroInvalidQueryComments.test_run_assert_comments',
    'Test_query_comment_MacroQueryComments.test_matches_comment',
    'Test_query_comment_QueryComments.test_matches_comment',
  ],
  'a header without the delimiter is the name of one column': [
    'Test_simple_seed_SeedWithWrongDelimiter.test_seed_with_wrong_delimiter',
  ],
  'it gives a time of the zone `-0`, which DuckDB does not read': [
    'Test_unit_testing_PostgresUnitTestingTypes.test_unit_test_data_type',
  ],
  "the time is the run's in UTC, without a zone": [
    'Test_utils_CurrentTimestamp.test_current_timestamp_type',
  ],
  'dbt-duckdb fails it too': [
    'Test_basic_BaseGetCatalogForSingleRelation.test_get_catalog_for_single_relation',
    'Test_basic_BaseIncrementalBadStrategy.test_incremental_invalid_strategy',
    'Test_basic_DocsGenReferences.test_references',
    'Test_basic_DocsGenerate.test_run_and_generate',
    'Test_basic_DocsGenerate.test_run_and_generate_no_compile',
    'Test_caching_CachingUppercaseModel.test_cache',
    'Test_catalog_CatalogRelationTypes.test_relation_types_populate_correctly[model.test.my_materialized_view-MATERIALIZED VIEW]',
    'Test_catalog_CatalogRelationTypes.test_relation_types_populate_correctly[model.test.my_table-BASE TABLE]',
    'Test_catalog_CatalogRelationTypes.test_relation_types_populate_correctly[model.test.my_view-VIEW]',
    'Test_catalog_CatalogRelationTypes.test_relation_types_populate_correctly[seed.test.my_seed-BASE TABLE]',
    'Test_column_types_PostgresColumnTypes.test_run_and_test',
    'Test_constraints_ConstraintQuotedColumn.test__constraints_ddl',
    'Test_constraints_IncrementalConstraintsColumnsEqual.test__constraints_wrong_column_data_types',
    'Test_constraints_IncrementalConstraintsRollback.test__constraints_enforcement_rollback',
    'Test_constraints_IncrementalContractSqlHeader.test__contract_sql_header',
    'Test_constraints_TableConstraintsColumnsEqual.test__constraints_wrong_column_data_types',
    'Test_constraints_TableConstraintsRollback.test__constraints_enforcement_rollback',
    'Test_constraints_TableContractSqlHeader.test__contract_sql_header',
    'Test_constraints_ViewConstraintsColumnsEqual.test__constraints_wrong_column_data_types',
    'Test_dbt_clone_BaseClonePossible.test_can_clone_true',
    'Test_dbt_clone_BaseCloneSameSourceAndTarget.test_clone_same_source_and_target',
    'Test_empty_BaseTestEmptySeedFlag.test_build_empty_with_seed',
    'Test_empty_BaseTestEmptySeedFlag.test_seed_empty_creates_table_with_zero_rows',
    'Test_empty_BaseTestEmptySeedFlag.test_seed_empty_preserves_column_types',
    'Test_empty_MetadataWithEmptyFlag.test_run[alter_column_type]',
    'Test_ephemeral_EphemeralMulti.test_ephemeral_multi',
    'Test_ephemeral_EphemeralNested.test_ephemeral_nested',
    'Test_grants_IncrementalGrants.test_incremental_grants',
    'Test_grants_InvalidGrants.test_invalid_grants',
    'Test_grants_ModelGrants.test_view_table_grants',
    'Test_grants_SeedGrants.test_seed_grants',
    'Test_grants_SnapshotGrants.test_snapshot_grants',
    'Test_hooks_AfterRunHooks.test_missing_column_pre_hook',
    'Test_hooks_HookRefs.test_pre_post_model_hooks_refed',
    'Test_hooks_PrePostModelHooks.test_pre_and_post_run_hooks',
    'Test_hooks_PrePostModelHooksInConfig.test_pre_and_post_model_hooks_model',
    'Test_hooks_PrePostModelHooksInConfigKwargs.test_pre_and_post_model_hooks_model',
    'Test_hooks_PrePostModelHooksInConfigWithCount.test_pre_and_post_model_hooks_model_and_project',
    'Test_hooks_PrePostModelHooksUnderscores.test_pre_and_post_run_hooks',
    'Test_hooks_PrePostRunHooks.test_pre_and_post_run_hooks',
    'Test_hooks_PrePostRunHooks.test_pre_and_post_seed_hooks',
    'Test_incremental_BaseMicrobatch.test_run_with_event_time',
    'Test_sample_mode_BaseSampleModeTest.test_sample_mode',
    'Test_simple_copy_SimpleCopyBase.test_simple_copy_with_materialized_views',
    'Test_simple_copy_SimpleCopyUppercase.test_simple_copy_uppercase',
    'Test_simple_seed_BasicSeedTests.test_simple_seed_full_refresh_flag',
    'Test_simple_seed_SeedConfigFullRefreshOn.test_simple_seed_full_refresh_config',
    'Test_simple_seed_SimpleSeedColumnOverride.test_simple_seed_with_column_override',
    'Test_simple_seed_SimpleSeedWithBOM.test_simple_seed',
    'Test_utils_BaseEscapeSingleQuotesBackslash.test_build_assert_equal',
    'Test_utils_CurrentTimestamps.test_current_timestamps',
    'Test_utils_GetIntervalsBetween.test_build_assert_equal',
    'Test_utils_TypeFloat.test_check_types_assert_match',
  ],
};

/** Of each such test, why. */
export const expectedDifferences: ReadonlyMap<string, string> = new Map(
  Object.entries(byReason).flatMap(([why, names]) => names.map((name) => [name, why] as const)),
);
