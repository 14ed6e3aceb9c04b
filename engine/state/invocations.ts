import type { Span } from '../words/batch-time.ts';
import type { StateDb } from './state-db.ts';

/** What a run was asked for, so that it can be asked for again. */
export interface Invocation {
  /** Kinds of steps it took. */
  readonly kinds: readonly string[];
  readonly select?: readonly string[];
  readonly exclude?: readonly string[];
  readonly selector?: string;
  readonly indirectSelection?: string;
  readonly resourceTypes?: readonly string[];
  readonly excludedTypes?: readonly string[];
  readonly fullRefresh?: boolean;
  readonly storeFailures?: boolean;
  /** Stretches of time that were asked for, and whether inputs were seen without rows. */
  readonly eventTime?: Span;
  readonly sample?: Span;
  readonly isEmpty?: boolean;
  /** What `state:` and its like are compared with, and whether it stands in for missing nodes. */
  readonly previousArtifacts?: string;
  readonly defer?: 'missing' | 'always';
  /** The moment up to which its microbatches reach: a retry makes those batches and no others. */
  readonly batchesUntilMs: number;
  /** Flags about the project itself, by their names. */
  readonly project: Readonly<Record<string, string>>;
}

/** Call in the transaction that starts the run. */
export function saveInvocation(db: StateDb, runId: string, invocation: Invocation): void {
  db.run(
    'insert into invocations (run_id, invocation) values (?, ?)',
    runId,
    JSON.stringify(invocation),
  );
}

/** The newest run that can be asked for again. */
export function findLastInvocation(
  db: StateDb,
): { readonly runId: string; readonly invocation: Invocation } | undefined {
  const row = db.get(
    `select run_id, invocation from invocations join runs using (run_id)
     order by started_at desc, change desc limit 1`,
  );
  if (!row) return undefined;
  const invocation = JSON.parse(String(row['invocation'])) as Invocation;
  return { runId: String(row['run_id']), invocation };
}
