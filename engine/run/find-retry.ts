import { findLastInvocation, type Invocation } from '../state/invocations.ts';
import { createRunStore, type RunRecord, type StepStatus } from '../state/runs.ts';
import type { StateDb } from '../state/state-db.ts';
import type { Clock } from '../words/clock.ts';
import { TerminalError } from '../words/errors.ts';

/** What of the last run is to be done again. */
export interface Retry {
  readonly run: RunRecord;
  readonly invocation: Invocation;
  /** Steps that did not end well; absent: the run ended before it could record what it left. */
  readonly ids?: ReadonlySet<string>;
  /** Steps that ended well, and need not be done again. */
  readonly done: ReadonlySet<string>;
}

const endedWell: ReadonlySet<StepStatus> = new Set(['succeeded', 'reused']);

/**
 * The steps that the last run failed at, skipped, stopped in or was killed in. A run that was
 * killed, or ended before its first step, did not record what it left: all that it did not do.
 *
 * @throws TerminalError `nothing-to-retry` where there is no run, or the last one ended well.
 */
export function findRetry(state: StateDb, clock: Clock): Retry {
  const runs = createRunStore(state, clock);
  const last = findLastInvocation(state);
  const run = last && runs.findRun(last.runId);
  if (!last || !run) {
    throw new TerminalError('there is nothing to retry: no run is on record', {
      code: 'nothing-to-retry',
      hint: 'run or build first',
    });
  }
  const steps = runs.listSteps(run.runId);
  const done = new Set(steps.filter(({ status }) => endedWell.has(status)).map(({ step }) => step));
  const ids = new Set(steps.map(({ step }) => step).filter((step) => !done.has(step)));
  const { invocation } = last;
  if (run.status === 'killed' || run.status === 'running') return { run, invocation, done };
  if (ids.size > 0) return { run, invocation, done, ids };
  if (run.status !== 'succeeded' && steps.length === 0) return { run, invocation, done };
  throw new TerminalError(
    `there is nothing to retry: no step failed in the last run, ${run.runId} (${run.command})`,
    { code: 'nothing-to-retry', hint: run.errorMessage ?? '`tidemill runs` lists them' },
  );
}
