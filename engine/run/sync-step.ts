import { prepareSync } from '../plan/prepare-sync.ts';
import type { Work } from '../plan/work.ts';
import type { Ledger } from '../state/ledger.ts';
import { applySync } from '../steps/sync.ts';
import type { Clock } from '../words/clock.ts';
import { assertThat, TerminalError } from '../words/errors.ts';
import type { SyncStep } from '../words/step.ts';
import { formatRelation } from '../words/table.ts';
import type { StepOutcome } from './run-steps.ts';

export interface SyncStepRequest {
  readonly work: Work;
  readonly step: SyncStep;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly runId: string;
  onProgress(sent: number, total: number): void;
}

/** Takes the diff, writes the plan, sends exactly that. */
export async function syncStep(request: SyncStepRequest): Promise<StepOutcome> {
  const { work, step, ledger, clock, runId } = request;
  const node = work.syncs.find(({ id }) => id === step.id);
  assertThat(node?.spec, `${step.id} is a sync of the project`);
  const prepared = await prepareSync(work.request, node);
  if (!prepared) {
    throw new TerminalError(
      `sync ${step.sync} has nothing to compare: ${formatRelation(node.spec.from)} or the extracted ${step.target} is not in the warehouse`,
      {
        code: 'sync-not-ready',
        sync: step.sync,
        hint: 'run `tidemill run` once, or select what it depends on',
      },
    );
  }
  const { warehouse, signal, log } = work.request;
  const result = await applySync({
    warehouse,
    ledger,
    ...prepared,
    clock,
    log,
    signal,
    runId,
    onProgress: request.onProgress,
  });
  const { tally, summary } = result;
  const parts = Object.entries({ ...tally, moved: result.moved, in_doubt: result.inDoubt })
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count.toLocaleString('en-US')} ${name.replace('_', ' ')}`);
  const left = (['conflict', 'drift', 'not_held', 'gone', 'locked'] as const)
    .filter((name) => summary.counts[name] > 0)
    .map((name) => `${summary.counts[name].toLocaleString('en-US')} ${name.replace('_', ' ')}`);
  const message = [...parts, ...left].join(', ') || 'nothing to send';
  const isWarned = tally.rejected > 0 || result.inDoubt > 0 || tally.deferred > 0;
  return {
    status: isWarned ? 'warn' : 'success',
    message,
    counts: { ...tally, moved: result.moved, inDoubt: result.inDoubt },
    ...(isWarned
      ? { hint: `tidemill query "select * from tidemill.sync_attempt where sync = '${step.sync}'"` }
      : {}),
  };
}
