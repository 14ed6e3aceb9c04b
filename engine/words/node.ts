import type { IdentityConfig } from './identity.ts';
import type { MergeConfig } from './merge.ts';
import type { Relation } from './table.ts';
import type { Session } from './warehouse.ts';

export const materializations = [
  'view',
  'table',
  'incremental',
  'ephemeral',
  'history',
  'identity',
  'snapshot',
  'seed',
] as const;
/** `custom`: a materialization of the project or a package, by the name in `raw`. */
export type Materialization = (typeof materializations)[number] | 'custom';

export const incrementalStrategies = ['append', 'delete+insert', 'merge', 'microbatch'] as const;
/** `custom`: the project's macro `get_incremental_<name>_sql` says how. */
export type IncrementalStrategy = (typeof incrementalStrategies)[number] | 'custom';

/** How an SCD2 table is derived from a log of versions; column names of the model's own select. */
export interface HistoryConfig {
  readonly uniqueKey: readonly string[];
  /** The source's clock: when the version became true. */
  readonly validAt: string;
  /** Our clock: when we learned of it; absent: `validAt`, so that every version came in time. */
  readonly recordedAt?: string;
  /** Orders versions of equal `validAt`, where the source has such a number. */
  readonly sequence?: string;
  /** True in a version that says the record is gone. */
  readonly deleted?: string;
  /** Names the record that this one was merged into. */
  readonly supersededBy?: string;
  /** Columns whose change opens a new row; absent: all that are not named elsewhere. */
  readonly tracked?: readonly string[];
  /** Columns updated in place, in the open row. */
  readonly untracked?: readonly string[];
  /**
   * How a build finds the keys to derive again. `recorded`: the input only ever gains rows, with
   * `recordedAt` above the watermark. `content`: the input may change in any way; keys whose rows
   * differ from the last build are found by a portable digest per key.
   */
  readonly changedBy: 'recorded' | 'content';
}

export const hardDeleteRules = ['ignore', 'invalidate', 'new_record'] as const;

/** How dbt's snapshot compares what a select answers now with what it answered before. */
export interface SnapshotConfig {
  /** SQL over the select's columns, as dbt allows: most often one column. */
  readonly uniqueKey: readonly string[];
  /** `custom`: the project's macro `snapshot_<name>_strategy` says what has changed. */
  readonly strategy: 'timestamp' | 'check' | 'custom';
  /** SQL that says when a row changed; absent under `check`: the run's boundary. */
  readonly updatedAt?: string;
  /** Under `check`: columns whose change makes a new row; absent: all. */
  readonly checkColumns?: readonly string[];
  readonly hardDeletes: (typeof hardDeleteRules)[number];
  /** SQL that stands in an open row's end instead of null. */
  readonly validToCurrent?: string;
  readonly columnNames: SnapshotColumnNames;
}

/** What a project's own snapshot strategy answers. */
export interface SnapshotStrategy extends Pick<SnapshotConfig, 'uniqueKey' | 'hardDeletes'> {
  /** SQL over the select's columns: when the row changed. */
  readonly updatedAt: string;
  /** A condition on `snapshotted_data`, the open row, and `source_data`, the one that is now. */
  readonly rowChanged: string;
  /** SQL over the select's columns: an id of the row, another one for each of its versions. */
  readonly scdId: string;
}

/** What a snapshot calls the columns it adds. */
export interface SnapshotColumnNames {
  readonly dbt_scd_id: string;
  readonly dbt_updated_at: string;
  readonly dbt_valid_from: string;
  readonly dbt_valid_to: string;
  readonly dbt_is_deleted: string;
}

/** Config of a node that changes its data or its place, after precedence is applied. */
export interface NodeConfig {
  readonly materialization: Materialization;
  readonly enabled: boolean;
  readonly tags: readonly string[];
  readonly uniqueKey?: readonly string[];
  readonly incrementalStrategy?: IncrementalStrategy;
  /** Of `merge`; absent: rows that match are replaced, those that do not are added. */
  readonly merge?: MergeConfig;
  readonly onSchemaChange?: 'ignore' | 'fail' | 'append_new_columns' | 'sync_all_columns';
  /** What to do with several rows of one key in a batch. */
  readonly duplicateKeys?: 'error' | 'last';
  /** Orders rows of one key for `duplicateKeys: last`: the greatest wins. */
  readonly duplicateOrder?: string;
  readonly fullRefresh?: boolean;
  readonly history?: HistoryConfig;
  readonly identity?: IdentityConfig;
  readonly snapshot?: SnapshotConfig;
  /** Milliseconds after which a node is built again though nothing changed (it reads the clock). */
  readonly refreshEveryMs?: number;
  readonly preHooks: readonly string[];
  readonly postHooks: readonly string[];
  /** Everything written in `config(...)`, for macros and artifacts. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** The warehouse as a test's template sees it while the rows it judges stand elsewhere. */
export interface AskedSession extends Session {
  /** A statement that names the live relation, as one that reads what stands for it. */
  rename(statement: string): string;
}

/** A test whose query answers the rows that break it; none means it holds. */
export interface Check {
  readonly id: string;
  readonly name: string;
  readonly severity: 'error' | 'warn';
  /**
   * The failing rows, rendered, with the tested node's relation written as `tested` placeholder
   * already replaced by `relationName`: call it with the audited copy's name before the swap. A
   * template that asks the warehouse asks `asked`; absent: what is published.
   */
  sql(relationName: (id: string) => string, asked?: AskedSession): Promise<string>;
  /** Node ids the query reads; more than one: it runs after all of them are published. */
  readonly reads: readonly string[];
  readonly file: string;
  /** SQL conditions on the number of failures, such as `> 10`; absent: `!= 0`. */
  readonly errorIf?: string;
  readonly warnIf?: string;
  /** What is counted, as an aggregate over the failing rows; absent: `count(*)`. */
  readonly failCalc?: string;
  /** Most failing rows to look for. */
  readonly limit?: number;
  /** A constraint of the node's contract: no test of the project. */
  readonly isConstraint?: true;
  /** Where the failing rows are kept for people to look at; absent: nowhere. */
  readonly store?: FailureStore;
}

/** A table of a test's failing rows, or a view that shows them as they are now. */
export interface FailureStore {
  readonly kind: 'table' | 'view';
  /** Asks the project's naming macros. */
  relation(): Promise<Relation>;
}

/** A node ready to be built: rendered, bound, fingerprinted. */
export interface BuildNode {
  readonly id: string;
  readonly name: string;
  readonly file: string;
  readonly relation: Relation;
  readonly config: NodeConfig;
  /** The rendered select; for `incremental` rendered with `is_incremental()` as the run decided. */
  readonly sql: string;
  /** True where the table stands and this build only adds to it. */
  readonly isIncremental: boolean;
  readonly checks: readonly Check[];
  readonly fingerprint: string;
  /** Kept beside the fingerprint, to say later why it changed. */
  readonly told?: string;
  /** As the fingerprint, whatever variables and the environment say: remembered beside it. */
  readonly writtenAs?: string;
  /** Renders and runs its hooks; absent: those of its config are statements as they stand. */
  runHooks?(when: 'pre' | 'post'): Promise<void>;
  readonly custom?: CustomBuild;
}

/** What a project's own macros decide of a node's build. */
export interface CustomBuild {
  /** Runs its materialization in the transaction; answers the relations it says it made. */
  materialize?(session: Session): Promise<readonly Relation[]>;
  /** Asks the project's own snapshot strategy. */
  snapshotStrategy?(isStanding: boolean): Promise<SnapshotStrategy>;
  /** Statements that bring a batch into the target, by its incremental strategy. */
  mergeBatch?(
    session: Session,
    batch: {
      readonly target: Relation;
      /** The name of the temporary table that holds the new rows. */
      readonly source: string;
      readonly columns: readonly string[];
    },
  ): Promise<readonly string[]>;
}
