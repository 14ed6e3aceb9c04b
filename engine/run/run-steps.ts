import type { Clock } from '../words/clock.ts';
import {
  assertThat,
  BudgetExhausted,
  messageOf,
  TerminalError,
  TransientError,
} from '../words/errors.ts';
import type { Step, StepResult, StepStatus } from '../words/step.ts';
import { createStepQueue } from './step-queue.ts';

/** What one kind of step answers when it ends without an error. */
export interface StepOutcome {
  readonly status: Extract<StepStatus, 'success' | 'warn' | 'reused' | 'stopped' | 'failed'>;
  readonly message: string;
  readonly hint?: string;
  readonly counts?: Readonly<Record<string, number>>;
}

export interface RunStepsOptions {
  readonly steps: readonly Step[];
  /** Steps under way at once. */
  readonly threads: number;
  /** Start nothing more once a step has failed. */
  readonly failFast?: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  execute(step: Step): Promise<StepOutcome>;
  onStart?(step: Step): void;
  onEnd?(step: Step, result: StepResult): void;
}

/** Lines of a stack that tell where a fault of the program is. */
const framesMax = 4;

function toOutcome(error: unknown): EndOutcome {
  if (error instanceof BudgetExhausted) {
    return {
      status: 'stopped',
      message: `stopped cleanly: ${error.message}`,
      hint: 'the next run resumes here',
      code: error.code,
    };
  }
  if (error instanceof TerminalError || error instanceof TransientError) {
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    return { status: 'failed', message: error.message, code: error.code, ...hint };
  }
  const frames =
    error instanceof Error ? (error.stack ?? '').split('\n').slice(1, framesMax + 1) : [];
  return {
    status: 'failed',
    message: `an unexpected fault of tidemill itself: ${messageOf(error)}`,
    hint: ['please report it with these lines', ...frames.map((frame) => frame.trim())].join('\n'),
    code: 'internal',
  };
}

/**
 * Runs every step once all it depends on have ended well. A step that fails, stops or is skipped
 * skips what depends on it and nothing else. An abort lets what is under way end and starts no
 * more.
 */
export async function runSteps(options: RunStepsOptions): Promise<StepResult[]> {
  const queue = createStepQueue(options.steps);
  const results = new Map<string, StepResult>();
  const running = new Map<string, Promise<void>>();
  let hasFailed = false;

  const endOne = (step: Step, startedMs: number, outcome: EndOutcome): void => {
    const { status, message, hint, code, counts = {} } = outcome;
    const result: StepResult = {
      id: step.id,
      kind: step.kind,
      status,
      message,
      counts,
      ...(hint === undefined ? {} : { hint }),
      ...(code === undefined ? {} : { code }),
      startedAt: new Date(startedMs).toISOString(),
      durationMs: options.clock.now() - startedMs,
    };
    results.set(step.id, result);
    hasFailed ||= options.failFast === true && status === 'failed';
    options.onEnd?.(step, result);
  };
  const end = (step: Step, startedMs: number, outcome: EndOutcome): void => {
    endOne(step, startedMs, outcome);
    for (const { step: blocked, message } of queue.settle(step, outcome.status)) {
      endOne(blocked, options.clock.now(), { status: 'skipped', message });
    }
  };

  const start = async (step: Step): Promise<void> => {
    const startedMs = options.clock.now();
    options.onStart?.(step);
    try {
      const { fault } = step;
      end(step, startedMs, fault ? { status: 'failed', ...fault } : await options.execute(step));
    } catch (error) {
      end(step, startedMs, options.signal.aborted ? aborted : toOutcome(error));
    }
  };

  for (;;) {
    while (running.size < options.threads && !options.signal.aborted && !hasFailed) {
      const step = queue.take();
      if (!step) break;
      const promise = start(step).finally(() => running.delete(step.id));
      running.set(step.id, promise);
    }
    const why = options.signal.aborted ? aborted : hasFailed ? failedFast : undefined;
    if (why) for (const step of queue.drain()) endOne(step, options.clock.now(), why);
    if (running.size === 0) break;
    await Promise.race(running.values());
  }
  assertThat(queue.size === 0, 'steps do not depend on each other in a circle');
  return options.steps.flatMap((step) => results.get(step.id) ?? []);
}

interface EndOutcome extends Omit<StepOutcome, 'status'> {
  readonly status: StepStatus;
  readonly code?: string;
}

const failedFast: EndOutcome = {
  status: 'skipped',
  message: 'the run stops at its first failure (--fail-fast)',
};
const aborted: EndOutcome = { status: 'skipped', message: 'the run was asked to stop' };
