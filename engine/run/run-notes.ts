import type { BatchOutcome } from '../steps/batch-spans.ts';
import type { Clock } from '../words/clock.ts';

/** What became of a test that was judged as a gate, within the build of its model. */
export interface GateNote {
  readonly status: 'pass' | 'warn' | 'fail';
  /** Rows that break it, or what `failCalc` makes of them. */
  readonly failures: number;
  readonly failCalc?: string;
}

/** What became of a hook of the run, or of a macro that was called alone. */
export interface OperationNote {
  readonly isGood: boolean;
  readonly message: string | null;
  readonly startedMs: number;
  readonly endedMs: number;
  /** Absent: it could not be rendered. */
  readonly sql?: string;
}

/**
 * What a run knows beyond each step's result, for artifacts: the SQL each node ran with, and the
 * tests that are no steps of their own. Kept beside the results, which are printed and stored.
 */
export interface RunNotes {
  readonly compiled: ReadonlyMap<string, { readonly sql: string; readonly atMs: number }>;
  /** By the test's id; `nodeId` is the model whose build judged it. */
  readonly gates: ReadonlyMap<string, GateNote & { readonly nodeId: string }>;
  /** By the id of a microbatch model. */
  readonly batches: ReadonlyMap<string, BatchOutcome>;
  noteBatches(id: string, outcome: BatchOutcome): void;
  /** Hooks of the run, by id, in the order in which they ran. */
  readonly operations: ReadonlyMap<string, OperationNote>;
  noteOperation(id: string, note: OperationNote): void;
  noteCompiled(id: string, sql: string): void;
  noteGate(id: string, nodeId: string, gate: GateNote): void;
}

export function createRunNotes(clock: Clock): RunNotes {
  const compiled = new Map<string, { sql: string; atMs: number }>();
  const gates = new Map<string, GateNote & { nodeId: string }>();
  const operations = new Map<string, OperationNote>();
  const batches = new Map<string, BatchOutcome>();
  return {
    compiled,
    gates,
    batches,
    operations,
    noteBatches: (id, outcome) => {
      batches.set(id, outcome);
    },
    noteOperation: (id, note) => {
      operations.set(id, note);
    },
    noteCompiled: (id, sql) => {
      compiled.set(id, { sql, atMs: clock.now() });
    },
    noteGate: (id, nodeId, gate) => {
      gates.set(id, { ...gate, nodeId });
    },
  };
}
