import { suggestName } from '../words/suggest.ts';
import type { FaultList } from './model-fault.ts';
import type { ModelNode } from './model-node.ts';
import { placeOfWords } from './word-place.ts';

/** Keys of config that the engine or dbt reads. Any other is a project's own: macros may ask it. */
const known: ReadonlySet<string> = new Set(
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

/** Shorter words are near too many others. */
const lengthMin = 5;

/**
 * Keys that no one reads and that are a letter or two from one that is read: `materialised`. Of the
 * project's own nodes alone, since nobody mends a package; each key once.
 */
export function reportMisspelt(
  nodes: readonly ModelNode[],
  projectName: string,
  faults: FaultList,
): void {
  const told = new Set<string>();
  for (const { nodeConfig, packageName, file, text } of nodes) {
    if (packageName !== projectName || nodeConfig.materialization === 'custom') continue;
    for (const key of Object.keys(nodeConfig.raw)) {
      if (known.has(key) || key.length < lengthMin || told.has(key)) continue;
      const meant = suggestName(key, known);
      if (meant === undefined || isFar(key, meant)) continue;
      told.add(key);
      const complaint = `config "${key}" is read by nothing; did you mean "${meant}"?`;
      const place = placeOfWords(file, text, complaint) ?? { file, line: 1, column: 1 };
      faults.warn(place, complaint, {
        hint: 'a key of your own belongs under meta',
        name: 'CustomKeyInConfigDeprecation',
      });
    }
  }
}

/** The first letter stands, one other differs at most: short words of one's own are near many. */
function isFar(key: string, meant: string): boolean {
  if (Math.abs(key.length - meant.length) > 1 || key[0] !== meant[0]) return true;
  const rest = [...meant];
  const strange = [...key].filter((letter) => {
    const at = rest.indexOf(letter);
    if (at !== -1) rest.splice(at, 1);
    return at === -1;
  });
  return strange.length > 1;
}
