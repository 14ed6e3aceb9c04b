import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runSteps, type StepOutcome } from '../../engine/run/run-steps.ts';
import { systemClock } from '../../engine/words/clock.ts';
import { BudgetExhausted, TerminalError } from '../../engine/words/errors.ts';
import type { CheckStep } from '../../engine/words/step.ts';

function step(id: string, ...dependsOn: string[]): CheckStep {
  return { kind: 'check', id, dependsOn, name: id, severity: 'error' };
}

const success: StepOutcome = { status: 'success', message: 'done' };

async function run(
  steps: CheckStep[],
  execute: (id: string) => StepOutcome | Promise<StepOutcome>,
  options: { threads?: number; signal?: AbortSignal } = {},
): Promise<Record<string, string>> {
  const results = await runSteps({
    steps,
    threads: options.threads ?? 4,
    clock: systemClock,
    signal: options.signal ?? new AbortController().signal,
    execute: async ({ id }) => execute(id),
  });
  return Object.fromEntries(results.map((result) => [result.id, result.status]));
}

describe('runSteps', () => {
  test('steps with a fault fail at once, also where they wait for each other in a circle', async () => {
    const fault = { id: 'x', code: 'model-invalid', message: 'a → b → a' };
    const steps = [
      { ...step('a', 'b'), fault },
      { ...step('b', 'a'), fault },
      step('c', 'b'),
      step('d'),
    ];
    const statuses = await run(steps, () => success);
    expect(statuses).toEqual({ a: 'failed', b: 'failed', c: 'skipped', d: 'success' });
  });

  test('a fault of the program fails its step and says where in the program it is', async () => {
    const [result] = await runSteps({
      steps: [step('a')],
      threads: 1,
      clock: systemClock,
      signal: new AbortController().signal,
      execute: () => Promise.reject(new Error('assertion failed: one is two')),
    });
    expect(result).toMatchObject({ status: 'failed', code: 'internal' });
    expect(result?.message).toBe(
      'an unexpected fault of tidemill itself: assertion failed: one is two',
    );
    expect(result?.hint).toMatch(/please report it with these lines\nat .*run-steps\.test\.ts:\d+/);
  });

  test('a failure skips what depends on it and nothing else', async () => {
    const steps = [step('a'), step('b', 'a'), step('c', 'b'), step('d'), step('e', 'd')];
    const statuses = await run(steps, (id) => {
      if (id === 'a') throw new TerminalError('no', { code: 'x' });
      return success;
    });
    expect(statuses).toEqual({
      a: 'failed',
      b: 'skipped',
      c: 'skipped',
      d: 'success',
      e: 'success',
    });
  });

  test('a used-up budget stops cleanly and holds back what would read half a stream', async () => {
    const statuses = await run([step('a'), step('b', 'a')], () => {
      throw new BudgetExhausted('salesforce', 10, 10);
    });
    expect(statuses).toEqual({ a: 'stopped', b: 'skipped' });
  });

  test('a dependency outside the selection counts as standing', async () => {
    expect(await run([step('b', 'a')], () => success)).toEqual({ b: 'success' });
  });

  test('an abort starts no more steps and lets the running one end', async () => {
    const controller = new AbortController();
    const statuses = await run(
      [step('a'), step('b', 'a'), step('c')],
      () => {
        controller.abort();
        return success;
      },
      { threads: 1, signal: controller.signal },
    );
    expect(statuses).toEqual({ a: 'success', b: 'skipped', c: 'skipped' });
  });

  test('what may start starts in the order of the plan, whoever made it ready', async () => {
    const order: string[] = [];
    const steps = [step('a', 'd'), step('b'), step('c', 'b'), step('d'), step('e')];
    await run(
      steps,
      (id) => {
        order.push(id);
        return success;
      },
      { threads: 1 },
    );
    expect(order).toEqual(['b', 'c', 'd', 'a', 'e']);
  });

  test('a chain of many thousands whose first fails ends, each step saying what held it back', async () => {
    const steps = Array.from({ length: 20_000 }, (_, index) =>
      index === 0 ? step('s0') : step(`s${index}`, `s${index - 1}`),
    );
    const results = await runSteps({
      steps,
      threads: 4,
      clock: systemClock,
      signal: new AbortController().signal,
      execute: async () => {
        throw new TerminalError('no', { code: 'x' });
      },
    });
    expect(results).toHaveLength(20_000);
    expect(results[1]).toMatchObject({ status: 'skipped', message: 's0 failed' });
    expect(results.at(-1)).toMatchObject({ status: 'skipped', message: 's19998 skipped' });
  });

  test('every step of any graph ends once, after all it depends on, within the threads', async () => {
    const graphs = fc.array(fc.array(fc.nat(20), { maxLength: 4 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(graphs, fc.integer({ min: 1, max: 5 }), async (edges, threads) => {
        const steps = edges.map((parents, index) =>
          step(`s${index}`, ...parents.filter((parent) => parent < index).map((n) => `s${n}`)),
        );
        // Shuffled: the order in which steps are listed must not matter.
        const listed = steps.toReversed();
        const ended: string[] = [];
        let running = 0;
        await run(
          listed,
          async (id) => {
            running += 1;
            expect(running).toBeLessThanOrEqual(threads);
            const self = steps.find((candidate) => candidate.id === id);
            for (const parent of self?.dependsOn ?? []) expect(ended).toContain(parent);
            await Promise.resolve();
            running -= 1;
            ended.push(id);
            return success;
          },
          { threads },
        );
        expect(ended.toSorted()).toEqual(steps.map(({ id }) => id).toSorted());
      }),
    );
  });
});
