import { copyRuns } from '../state/copy-runs.ts';
import type { Invocation } from '../state/invocations.ts';
import { createRunStore, type RunStore } from '../state/runs.ts';
import type { StateDb } from '../state/state-db.ts';
import type { Clock } from '../words/clock.ts';
import { TerminalError, TransientError } from '../words/errors.ts';
import type { Log } from '../words/log.ts';
import type { Warehouse } from '../words/warehouse.ts';

/**
 * Brings the warehouse's copy of the runs up to date. A copy that cannot be made (a full disk, say)
 * does not change what became of the run: the next run copies it.
 */
export async function copyRunLog(warehouse: Warehouse, runs: RunStore, log: Log): Promise<void> {
  try {
    await copyRuns(warehouse, runs);
  } catch (error) {
    if (!(error instanceof TerminalError || error instanceof TransientError)) throw error;
    log.warn('runs.copy_failed', { code: error.code, message: error.message });
  }
}

export interface LostRun {
  readonly state: StateDb;
  readonly clock: Clock;
  readonly command: string;
  readonly pipeline?: string;
  readonly error: unknown;
  readonly invocation?: Invocation;
  readonly signal?: AbortSignal;
}

/**
 * Records a run that ended before it had a plan: nobody could sign in, the file of the project is
 * at fault, the warehouse would not open. The caller holds the lock. Answers the run's id.
 */
export function recordLostRun(lost: LostRun): string {
  const { state, clock, command, pipeline, error, invocation } = lost;
  const runs = createRunStore(state, clock);
  const runId = runs.startRun({
    command,
    boundaryMs: clock.now(),
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(invocation ? { invocation } : {}),
  });
  runs.finishRun(runId, { status: lost.signal?.aborted ? 'stopped' : 'failed', error });
  return runId;
}
