import type { Step, StepStatus } from '../words/step.ts';

const endedWell: ReadonlySet<StepStatus> = new Set(['success', 'warn', 'reused']);

/** A step that will not run, since one that it depends on did not end well. */
export interface BlockedStep {
  readonly step: Step;
  readonly message: string;
}

/** Steps that have not begun; each end of a step is looked at once by those that wait for it. */
export interface StepQueue {
  readonly size: number;
  /** The first of the plan that may start now, taken out. */
  take(): Step | undefined;
  /** Says how a step ended; takes out and answers those that it blocks, nearest first. */
  settle(step: Step, status: StepStatus): BlockedStep[];
  /** Takes out all that is left, in the order of the plan. */
  drain(): Step[];
}

export function createStepQueue(steps: readonly Step[]): StepQueue {
  const places = new Map(steps.map(({ id }, place) => [id, place]));
  const waiting = new Map(steps.map((step) => [step.id, step]));
  /**
   * Of each step, those it waits for. An id that is no step stands already: it is not waited for.
   */
  const pending = new Map<string, Set<string>>();
  const dependents = new Map<string, Step[]>();
  /** Places in the plan, the first one last. */
  const ready: number[] = [];

  const makeReady = (step: Step): void => {
    const place = places.get(step.id) ?? 0;
    let at = ready.length;
    while (at > 0 && (ready[at - 1] ?? 0) < place) at -= 1;
    ready.splice(at, 0, place);
  };
  for (const step of steps.toReversed()) {
    // With a fault it ends at once, whatever the others do: models in a circle wait for each other.
    const before = step.fault ? [] : step.dependsOn.filter((id) => places.has(id));
    pending.set(step.id, new Set(before));
    for (const id of new Set(before)) {
      const known = dependents.get(id);
      if (known) known.push(step);
      else dependents.set(id, [step]);
    }
    if (before.length === 0) makeReady(step);
  }
  const settleOne = (step: Step, status: StepStatus, blocked: BlockedStep[]): void => {
    for (const dependent of dependents.get(step.id)?.toReversed() ?? []) {
      if (!waiting.has(dependent.id)) continue;
      const left = pending.get(dependent.id);
      left?.delete(step.id);
      if (!endedWell.has(status)) {
        waiting.delete(dependent.id);
        blocked.push({ step: dependent, message: `${step.id} ${status}` });
      } else if (left?.size === 0) makeReady(dependent);
    }
  };
  return {
    get size() {
      return waiting.size;
    },
    take() {
      const place = ready.pop();
      const step = place === undefined ? undefined : steps[place];
      if (step) waiting.delete(step.id);
      return step;
    },
    settle(step, status) {
      const blocked: BlockedStep[] = [];
      settleOne(step, status, blocked);
      // Those that are blocked block others in their turn.
      for (let at = 0; at < blocked.length; at += 1) {
        const next = blocked[at];
        if (next) settleOne(next.step, 'skipped', blocked);
      }
      return blocked;
    },
    drain() {
      const left = [...waiting.values()];
      waiting.clear();
      ready.length = 0;
      return left;
    },
  };
}
