import type { ReadEstimate } from './stream.ts';
import type { Relation } from './table.ts';

/** Ids are `extract.<connection>.<stream>`, `model.<project>.<name>`, `test.…`, `sync.<name>`. */
interface StepBase {
  readonly id: string;
  /** Steps that must have ended well before this one starts. */
  readonly dependsOn: readonly string[];
  /** Why the step cannot run at all: it fails when its turn comes, and skips what depends on it. */
  readonly fault?: PlanFault;
}

export interface ExtractStep extends StepBase {
  readonly kind: 'extract';
  readonly connection: string;
  readonly stream: string;
  /** Absent where the step has a fault. */
  readonly estimate?: ReadEstimate;
}

/**
 * Whether a node will be built. `run`: certainly. `reuse`: nothing it reads has changed. `follow`:
 * nothing has changed yet, it runs if a step it depends on brings something new.
 */
export interface BuildDecision {
  readonly action: 'run' | 'reuse' | 'follow';
  /** Why, one short clause each. */
  readonly reasons: readonly string[];
}

export interface BuildStep extends StepBase {
  readonly kind: 'materialize' | 'history';
  readonly name: string;
  readonly relation: Relation | undefined;
  readonly materialization: string;
  readonly decision: BuildDecision;
}

export interface CheckStep extends StepBase {
  readonly kind: 'check';
  readonly name: string;
  readonly severity: 'error' | 'warn';
}

export interface SyncStep extends StepBase {
  readonly kind: 'sync';
  readonly sync: string;
  /** `connection.object`. */
  readonly target: string;
  /** What would happen if the sync ran on today's tables; absent where they do not exist yet. */
  readonly preview: SyncPreview | undefined;
  /** Values it hands to the CRM that carry labels such as `pii`; absent: none, or not looked at. */
  readonly labelled?: readonly LabelledField[];
}

export interface LabelledField {
  /** The CRM's field. */
  readonly field: string;
  /** The model's column. */
  readonly column: string;
  readonly labels: readonly string[];
}

/**
 * One field of one record that a sync would change, or a record it leaves alone, with its reason.
 */
export interface PlannedRow {
  /** The sync key. */
  readonly key: string;
  /** The record's id at the CRM; null: it would be made. */
  readonly record: string | null;
  readonly action: string;
  readonly field: string | null;
  /** What the CRM holds. */
  readonly before: string | null;
  readonly after: string | null;
  readonly reason: string | null;
}

/** Rows by what the diff says of them. */
export interface SyncPreview {
  readonly counts: Readonly<Record<string, number>>;
  readonly calls: number;
  /** False: nothing would be sent and no state would move. */
  readonly hasWork: boolean;
  /** The first of its rows, where they were asked for. */
  readonly rows?: readonly PlannedRow[];
  /** Why the sync would stop before it writes, e.g. a limit; absent: it would not. */
  readonly stop?: string;
}

export type Step = ExtractStep | BuildStep | CheckStep | SyncStep;

/** The work as values: built without side effects, printed by one reader, executed by another. */
export interface Plan {
  readonly project: string;
  /** The run's one boundary, ISO 8601. */
  readonly boundary: string;
  readonly steps: readonly Step[];
  /** What is wrong and belongs to no step. */
  readonly faults: readonly PlanFault[];
  readonly warnings: readonly string[];
  /** What changes upstream break; absent: nothing changed that anybody reads, or nobody looked. */
  readonly impacts?: readonly Impact[];
}

/** One field or column that changed or is gone, and everything that follows from it. */
export interface Impact {
  /**
   * removed: null from now on. moved: its values go to another column. retyped: of a wider type.
   * missing: a model names it and it is not there, so neither it nor what reads it can be built.
   */
  readonly change: 'removed' | 'moved' | 'retyped' | 'missing';
  /** `connection.Stream.field`, or `schema.name.column`. */
  readonly field: string;
  readonly message: string;
  /** `schema.name.column` of models; `*` where lineage does not know which. */
  readonly columns: readonly string[];
  readonly fields: readonly {
    readonly sync: string;
    readonly target: string;
    readonly field: string;
  }[];
  /** `schema.name` of models, and syncs, whose rows it helps to choose. */
  readonly rows: readonly string[];
  /** Columns of models and fields of syncs whose values it only helps to choose; absent: none. */
  readonly decided?: readonly string[];
  /** What cannot be built; absent: everything can. */
  readonly unbuilt?: readonly string[];
}

export interface PlanFault {
  readonly id: string;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

export const stepStatuses = ['success', 'warn', 'reused', 'stopped', 'failed', 'skipped'] as const;
/**
 * success: done. warn: done, something to look at. reused: nothing to do. stopped: a budget ended
 * it cleanly, the next run resumes. failed. skipped: something it depends on did not end well.
 */
export type StepStatus = (typeof stepStatuses)[number];

export interface StepResult {
  readonly id: string;
  readonly kind: Step['kind'];
  readonly status: StepStatus;
  /** One line for people: counts with units, or what failed. */
  readonly message: string;
  readonly hint?: string;
  readonly code?: string;
  /** Numbers by name, e.g. records, rows, calls. */
  readonly counts: Readonly<Record<string, number>>;
  readonly startedAt: string;
  readonly durationMs: number;
}
