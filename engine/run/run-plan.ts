import type { Work } from '../plan/work.ts';
import type { Invocation } from '../state/invocations.ts';
import { openLedger } from '../state/ledger.ts';
import { createRunStore, type RunStatus, type StepEnd, type StepEnded } from '../state/runs.ts';
import type { StateDb } from '../state/state-db.ts';
import type { Clock } from '../words/clock.ts';
import { TerminalError } from '../words/errors.ts';
import type { Plan, Step, StepResult, StepStatus } from '../words/step.ts';
import { buildStep } from './build-step.ts';
import { checkStep } from './check-step.ts';
import { extractStream } from './extract-step.ts';
import { forgetOldRuns } from './forget-runs.ts';
import { interruptOn } from './interrupt.ts';
import { noteHeld } from './note-held.ts';
import { persistRunDocs } from './persist-docs-step.ts';
import { copyRunLog } from './record-run.ts';
import type { RunNotes } from './run-notes.ts';
import { runSteps, type StepOutcome } from './run-steps.ts';
import { syncStep } from './sync-step.ts';

/** How far a step is, for people who wait. */
export interface StepProgress {
  readonly done: number;
  /** Absent where nobody knows. */
  readonly total?: number;
  readonly unit: 'record' | 'row';
}

export interface RunRequest {
  readonly work: Work;
  readonly plan: Plan;
  readonly state: StateDb;
  readonly stateFolder: string;
  readonly clock: Clock;
  /** Start nothing more once a step has failed. */
  readonly failFast?: boolean;
  /** A step that ends with a warning fails the run. */
  readonly warnError?: boolean;
  /** Steps under way at once. */
  readonly threads: number;
  /** How long runs are remembered; default: see `retention.ts`. */
  readonly keepRunsMs?: number;
  /** The command as typed, without secrets. */
  readonly command: string;
  readonly pipeline?: string;
  /** When statements under way end as well; default: as soon as the run is asked to stop. */
  readonly cut?: AbortSignal;
  /** What it was asked for, so that `retry` can ask again. */
  readonly invocation?: Invocation;
  /** Filled while the run goes, for artifacts. */
  readonly notes?: RunNotes;
  /** Called once the run is on record, before its first step. */
  onRun?(runId: string): void;
  onStart?(step: Step): void;
  onProgress?(step: Step, progress: StepProgress): void;
  onEnd?(step: Step, result: StepResult): void;
}

export interface RunResult {
  readonly runId: string;
  readonly status: Exclude<RunStatus, 'running' | 'killed'>;
  readonly steps: readonly StepResult[];
}

const recorded: Readonly<Record<StepStatus, StepEnd['status']>> = {
  success: 'succeeded',
  warn: 'succeeded',
  reused: 'reused',
  stopped: 'stopped',
  failed: 'failed',
  skipped: 'skipped',
};

/** Executes a plan, step by step, and records what became of each. The caller holds the lock. */
export async function runPlan(request: RunRequest): Promise<RunResult> {
  const { work, plan, state, clock, command, pipeline } = request;
  const { signal, boundaryMs, warehouse, log } = work.request;
  const runs = createRunStore(state, clock);
  const runId = runs.startRun({
    command,
    boundaryMs,
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(request.invocation ? { invocation: request.invocation } : {}),
  });
  request.onRun?.(runId);
  const executor = createExecutor(request, runId);
  /** Most models of most runs are reused: they are recorded together, in one commit. */
  const reused: StepEnded[] = [];
  const interrupts = interruptOn(request.cut ?? signal, warehouse);
  const steps = await runSteps({
    steps: plan.steps,
    threads: request.threads,
    failFast: request.failFast ?? false,
    clock,
    signal,
    execute: executor,
    onStart: (step) => {
      if (step.kind === 'extract' || step.kind === 'sync') runs.startStep(runId, nameStep(step));
      request.onStart?.(step);
    },
    onEnd: (step, result) => {
      const ended = { step: nameStep(step), end: toEnd(result) };
      if (result.status === 'reused') reused.push(ended);
      else runs.finishSteps(runId, [ended]);
      request.onEnd?.(step, result);
    },
  }).finally(() => interrupts[Symbol.dispose]());
  runs.finishSteps(runId, reused);
  await noteHeld(work, steps);
  await persistRunDocs(work, steps);
  const status = statusOf(steps, plan, signal, request.warnError ?? false);
  const [fault] = plan.faults;
  runs.finishRun(runId, {
    status,
    counts: countSteps(steps),
    ...(fault ? { error: new TerminalError(fault.message, { code: fault.code }) } : {}),
  });
  await copyRunLog(warehouse, runs, log);
  await forgetOldRuns({ warehouse, state, clock, log, keepRunsMs: request.keepRunsMs });
  await warehouse.checkpoint();
  return { runId, status, steps };
}

function nameStep(step: Step) {
  return { step: step.id, kind: step.kind, name: step.id };
}

function toEnd(result: StepResult): StepEnd {
  const { status, counts, message, startedAt, durationMs } = result;
  const isBad = status === 'failed' || status === 'stopped';
  const code = result.code ?? 'step-failed';
  return {
    status: recorded[status],
    counts,
    reason: message,
    finishedAt: new Date(Date.parse(startedAt) + durationMs).toISOString(),
    ...(isBad ? { error: new TerminalError(message, { code }) } : {}),
  };
}

function statusOf(
  steps: readonly StepResult[],
  plan: Plan,
  signal: AbortSignal,
  warnError: boolean,
): RunResult['status'] {
  if (warnError && steps.some(({ status }) => status === 'warn')) return 'failed';
  if (steps.some(({ status }) => status === 'failed') || plan.faults.length > 0) return 'failed';
  if (signal.aborted || steps.some(({ status }) => status === 'stopped')) return 'stopped';
  return 'succeeded';
}

function countSteps(steps: readonly StepResult[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of steps) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

function createExecutor(request: RunRequest, runId: string) {
  const { work, state, clock } = request;
  const { connectors, warehouse, boundaryMs, scope, signal, log } = work.request;
  const ledger = openLedger(state, clock);
  const { standing } = work;
  /**
   * Syncs go one after another, in the plan's order: parents before what is associated with them.
   */
  let previousSync: Promise<unknown> = Promise.resolve();

  return async (step: Step): Promise<StepOutcome> => {
    switch (step.kind) {
      case 'extract': {
        const chosen = work.streams.chosen.get(step.id);
        if (!chosen) throw new Error(`assertion failed: ${step.id} was chosen`);
        return extractStream({
          warehouse,
          chosen,
          extractor: connectors.extractor(step.connection),
          runId,
          boundaryMs,
          fullRefresh: scope.fullRefresh ?? false,
          stateFolder: request.stateFolder,
          signal,
          log,
          onProgress: ({ records }) =>
            request.onProgress?.(step, { done: records, unit: 'record' }),
        }).finally(standing.forgetSources);
      }
      case 'materialize':
      case 'history':
        return buildStep(work, step, runId, standing, request.stateFolder, request.notes);
      case 'check':
        return checkStep(work, step, request.notes);
      case 'sync': {
        const onProgress = (done: number, total: number): void =>
          request.onProgress?.(step, { done, total, unit: 'row' });
        const mine = previousSync.then(() =>
          syncStep({ work, step, ledger, standing, clock, runId, onProgress }),
        );
        previousSync = mine.catch(() => undefined);
        return mine;
      }
    }
  };
}
