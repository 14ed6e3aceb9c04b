import { describe, expect, test } from 'vitest';
import { retry, waitBaseMs } from '../../engine/wire/retry.ts';
import { BudgetExhausted, TerminalError, TransientError } from '../../engine/words/errors.ts';
import { createVirtualClock } from './virtual-clock.ts';

const signal = new AbortController().signal;
const flake = (retryAfterMs?: number): TransientError =>
  new TransientError('busy', {
    code: 'busy',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });

function failing(times: number, error: () => Error): { calls: number; work(): Promise<string> } {
  const state = {
    calls: 0,
    async work(): Promise<string> {
      state.calls += 1;
      if (state.calls <= times) throw error();
      return 'done';
    },
  };
  return state;
}

describe('retry', () => {
  test('tries a transient failure again until it passes', async () => {
    const job = failing(3, flake);
    expect(await retry(job.work, { signal, clock: createVirtualClock() })).toBe('done');
    expect(job.calls).toBe(4);
  });

  test('gives up after the stated number of tries with the last error', async () => {
    const job = failing(99, flake);
    const clock = createVirtualClock();
    await expect(retry(job.work, { signal, clock, attemptsMax: 3 })).rejects.toThrow('busy');
    expect(job.calls).toBe(3);
    expect(clock.slept).toHaveLength(2);
  });

  test.each([
    new TerminalError('no', { code: 'no' }),
    new BudgetExhausted('crm', 5, 5),
    new Error('assertion failed'),
  ])('throws %s at once', async (error) => {
    const job = failing(99, () => error);
    await expect(retry(job.work, { signal, clock: createVirtualClock() })).rejects.toBe(error);
    expect(job.calls).toBe(1);
  });

  test('waits are doubled, jittered from nothing to the whole, and capped', async () => {
    for (const [random, expected] of [
      [0, [0, 0, 0, 0, 0]],
      [0.5, [250, 500, 1000, 1500, 1500]],
      [1, [500, 1000, 2000, 3000, 3000]],
    ] as const) {
      const clock = createVirtualClock();
      const options = { signal, clock, waitMaxMs: 3000, random: () => random };
      await expect(retry(failing(99, flake).work, options)).rejects.toThrow('busy');
      expect(clock.slept).toEqual(expected);
    }
  });

  test('never comes back before the time the other side asked for, up to the cap', async () => {
    const clock = createVirtualClock();
    const options = { signal, clock, random: () => 1, attemptsMax: 2 };
    await retry(failing(1, () => flake(7000)).work, options);
    expect(clock.slept).toEqual([7000 + waitBaseMs]);
    await retry(failing(1, () => flake(3_600_000)).work, options);
    expect(clock.slept[1]).toBe(60_000);
  });

  test('a caller may forbid repeating what may have been applied', async () => {
    const job = failing(1, flake);
    const options = { signal, clock: createVirtualClock(), isRepeatable: () => false };
    await expect(retry(job.work, options)).rejects.toThrow('busy');
    expect(job.calls).toBe(1);
  });

  test('an abort ends the wait and no further try is made', async () => {
    const abort = new AbortController();
    const clock = createVirtualClock();
    const job = failing(99, () => {
      queueMicrotask(() => abort.abort(new Error('stopped')));
      return flake(50_000);
    });
    await expect(retry(job.work, { signal: abort.signal, clock })).rejects.toThrow('stopped');
    expect(job.calls).toBe(1);
  });
});
