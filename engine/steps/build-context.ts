import type { CompiledInput } from '../declare/typescript/compile-inputs.ts';
import type { Script } from '../declare/typescript/read-scripts.ts';
import type { InputVersions, NodeState } from '../state/nodes.ts';
import type { Log } from '../words/log.ts';
import type { ColumnType } from '../words/stream.ts';
import type { Relation } from '../words/table.ts';
import type { Batches, BatchOutcome } from './batch-spans.ts';
import type { RelationKind } from './relation-statements.ts';

/** What one build of one node is told by the run. */
export interface BuildContext {
  readonly runId: string;
  /** The run's one boundary timestamp. */
  readonly boundaryMs: number;
  /** Build from nothing, as if the node had never been built. */
  readonly fullRefresh: boolean;
  /**
   * Nobody asked for that: rows that a table was given over time must not be gone. Absent: they
   * may.
   */
  readonly keepsRows?: boolean;
  /** Looked at between statements. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Each parent's data version now: remembered as what this build has read. */
  readonly inputs: InputVersions;
  /** What stands, where the run knows it; absent: the warehouse is asked. */
  readonly seen?: Seen;
  /** What a `microbatch` build replaces. */
  readonly batches?: Batches;
  /** For a seed: where its CSV file is and what columns it has. */
  readonly seed?: SeedSource;
  /** For a model in TypeScript: its function, what it reads, and where its rows may wait. */
  readonly script?: ScriptSource;
}

/** What the run knows of the warehouse without asking: nobody else writes while it goes on. */
export interface Seen {
  kindOf(relation: Relation): RelationKind | undefined;
  /** False also where it is not known. */
  hasSchema(schema: string): boolean;
  /** Whether anything is remembered of the node that is built. */
  readonly hasState: boolean;
}

export interface ScriptSource {
  readonly script: Script;
  readonly inputs: readonly CompiledInput[];
  /** A folder of its own: made by the build and gone after it. */
  readonly spoolFolder: string;
  /** Where every row is the project's own: what the function throws may be quoted. */
  readonly mayQuote?: boolean;
}

export interface SeedSource {
  /** Absolute. */
  readonly path: string;
  readonly columns: readonly {
    readonly name: string;
    readonly type: ColumnType;
    /** The warehouse's own, where it is not the one for the type. */
    readonly typeName?: string;
  }[];
}

/**
 * created: nothing stood there. replaced: a new copy was swapped in. appended: rows were added.
 * merged: rows were added and replaced by key. unchanged: it was looked at and nothing had changed.
 * none: an ephemeral node has nothing to build. withheld: a check of severity error failed, nothing
 * was published, the live relation is as it was.
 */
export type MaterializeAction =
  | 'created'
  | 'replaced'
  | 'appended'
  | 'merged'
  | 'unchanged'
  | 'none'
  | 'withheld';

export interface MaterializeResult {
  readonly action: MaterializeAction;
  /** Rows written by this build; 0 for views. */
  readonly rows: number;
  /** What dependants compare; undefined where nothing is published. */
  readonly dataVersion: string | undefined;
  /** Checks that did not hold, of both severities. */
  readonly failures: readonly CheckFailure[];
  readonly warnings: readonly string[];
  /** What is remembered of the node from now on; absent: the warehouse knows. */
  readonly state?: NodeState;
  /** History only: versions of one key and one `validAt` whose order the source does not tell. */
  readonly ties?: number;
  /** Microbatches only; where some failed, the others are published. */
  readonly batches?: BatchOutcome;
}

/** Counts and where to look, never the rows: they may hold a CRM's values. */
export interface CheckFailure {
  readonly id: string;
  readonly name: string;
  readonly severity: 'error' | 'warn';
  /** How many break it, or what `failCalc` makes of them. */
  readonly rows: number;
  readonly failCalc?: string;
  readonly file: string;
  /** The query of the check: its rows are those that break it. */
  readonly query: string;
  /** Where the rows are kept, if they are. */
  readonly storedIn?: Relation;
}
