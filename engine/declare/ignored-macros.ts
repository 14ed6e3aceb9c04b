import { findPosition } from './jinja/source-text.ts';
import type { MacroLibrary } from './macro-library.ts';
import type { FaultList } from './model-fault.ts';

/** Macros that dbt's own materializations ask, and ours do not: an override has no effect. */
const asked = new Set([
  'build_snapshot_table',
  'create_schema',
  'create_table_as',
  'create_view_as',
  'drop_relation',
  'generate_database_name',
  'get_create_table_as_sql',
  'get_create_view_as_sql',
  'get_delete_insert_merge_sql',
  'get_merge_sql',
  'get_test_sql',
  'get_unit_test_sql',
  'load_csv_rows',
  'make_temp_relation',
  'persist_docs',
  'rename_relation',
  'run_hooks',
  'should_full_refresh',
  'should_store_failures',
  'snapshot_merge_sql',
  'snapshot_staging_table',
]);

/** Says of each override by the project that it is asked by materializations of its own alone. */
export function reportIgnoredMacros(
  library: MacroLibrary,
  projectName: string,
  faults: FaultList,
): void {
  for (const entry of library.all) {
    const name = entry.name.replace(/^(default|duckdb)__/, '');
    if (entry.packageName !== projectName || !asked.has(name)) continue;
    const { line, column } = findPosition(entry.template, entry.node.at);
    faults.warn(
      { file: entry.file, line, column },
      `the macro "${entry.name}" is not asked when views, tables, increments, seeds, snapshots and ` +
        'tests are built; only materializations of your own call it',
    );
  }
}
