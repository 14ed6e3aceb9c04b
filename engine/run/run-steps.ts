import type { Clock } from '../words/clock.ts';
import {
  assertThat,
  BudgetExhausted,
  messageOf,
  TerminalError,
  TransientError,
} from '../words/errors.ts';
import type { Step, StepResult, StepStatus } from '../words/step.ts';

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
  readonly clock: Clock;
  readonly signal: AbortSignal;
  execute(step: Step): Promise<StepOutcome>;
  onStart?(step: Step): void;
  onEnd?(step: Step, result: StepResult): void;
}

/** Lines of a stack that tell where a fault of the program is. */
const framesMax = 4;
const endedWell: ReadonlySet<StepStatus> = new Set(['success', 'warn', 'reused']);

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
  const waiting = new Map(options.steps.map((step) => [step.id, step]));
  const results = new Map<string, StepResult>();
  const running = new Map<string, Promise<void>>();

  const end = (step: Step, startedMs: number, outcome: EndOutcome): void => {
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
    options.onEnd?.(step, result);
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
    const waitingBefore = waiting.size;
    for (const step of [...waiting.values()]) {
      const state = stateOf(step, waiting, results, running);
      if (state.kind === 'blocked') {
        waiting.delete(step.id);
        end(step, options.clock.now(), { status: 'skipped', message: state.message });
      } else if (options.signal.aborted) {
        waiting.delete(step.id);
        end(step, options.clock.now(), aborted);
      } else if (state.kind === 'ready' && running.size < options.threads) {
        waiting.delete(step.id);
        const promise = start(step).finally(() => running.delete(step.id));
        running.set(step.id, promise);
      }
    }
    if (running.size === 0 && waiting.size === 0) break;
    if (running.size === 0) {
      assertThat(waiting.size < waitingBefore, 'steps do not depend on each other in a circle');
      continue;
    }
    await Promise.race(running.values());
  }
  return options.steps.flatMap((step) => results.get(step.id) ?? []);
}

interface EndOutcome extends Omit<StepOutcome, 'status'> {
  readonly status: StepStatus;
  readonly code?: string;
}

const aborted: EndOutcome = { status: 'skipped', message: 'the run was asked to stop' };

type Readiness = { kind: 'ready' } | { kind: 'waiting' } | { kind: 'blocked'; message: string };

function stateOf(
  step: Step,
  waiting: ReadonlyMap<string, Step>,
  results: ReadonlyMap<string, StepResult>,
  running: ReadonlyMap<string, unknown>,
): Readiness {
  // It cannot run whatever the others do; and models in a circle would wait for each other.
  if (step.fault) return { kind: 'ready' };
  let pending = false;
  for (const id of step.dependsOn) {
    const result = results.get(id);
    if (result && !endedWell.has(result.status)) {
      return { kind: 'blocked', message: `${id} ${result.status}` };
    }
    // An id that is in none of the three is outside the selection: what stands is used.
    if (!result && (waiting.has(id) || running.has(id))) pending = true;
  }
  return pending ? { kind: 'waiting' } : { kind: 'ready' };
}
