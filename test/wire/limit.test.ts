import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLimiter, type LimiterOptions, parseDailyBudget } from '../../engine/wire/limit.ts';
import type { CallMeter } from '../../engine/words/connection.ts';
import { BudgetExhausted } from '../../engine/words/errors.ts';
import { createVirtualClock } from './virtual-clock.ts';

const signal = new AbortController().signal;

function createMeter(used = 0): CallMeter {
  let calls = used;
  return {
    usedToday: () => calls,
    add(more) {
      calls += more;
    },
  };
}

function open(options: Partial<LimiterOptions> = {}) {
  const clock = createVirtualClock(0);
  const meter = createMeter();
  const limiter = createLimiter({
    account: 'crm',
    clock,
    meter,
    requestsPerSecond: 10,
    concurrencyMax: 100,
    ...options,
  });
  return { clock, meter, limiter };
}

/** How many of so many calls were under way together. */
async function mostAtOnce(calls: number, { clock, limiter }: ReturnType<typeof open>) {
  let running = 0;
  let most = 0;
  const call = async (): Promise<void> => {
    running += 1;
    most = Math.max(most, running);
    await clock.sleep(50);
    running -= 1;
  };
  await Promise.all(Array.from({ length: calls }, () => limiter.run(call, signal)));
  return most;
}

describe('the limiter', () => {
  test('lets no window of any length hold more calls than burst and rate allow', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 60 }),
        async (requestsPerSecond, burst, calls) => {
          const { clock, limiter } = open({ requestsPerSecond, burst });
          const starts: number[] = [];
          const start = async (): Promise<void> => void starts.push(clock.now());
          await Promise.all(Array.from({ length: calls }, () => limiter.run(start, signal)));
          for (let from = 0; from < starts.length; from += 1) {
            for (let to = from; to < starts.length; to += 1) {
              const windowMs = (starts[to] ?? 0) - (starts[from] ?? 0);
              const allowed = burst + (windowMs * requestsPerSecond) / 1000 + 1e-6;
              expect(to - from + 1).toBeLessThanOrEqual(allowed);
            }
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test('serves callers in the order they came', async () => {
    const { limiter } = open({ requestsPerSecond: 1000, burst: 1, concurrencyMax: 2 });
    const order: number[] = [];
    const calls = Array.from({ length: 30 }, (_, index) =>
      limiter.run(async () => void order.push(index), signal),
    );
    await Promise.all(calls);
    expect(order).toEqual(Array.from({ length: 30 }, (_, index) => index));
  });

  test('never has more calls under way than the concurrency allows', async () => {
    const opened = open({ requestsPerSecond: 1000, concurrencyMax: 3 });
    expect(await mostAtOnce(20, opened)).toBe(3);
  });

  test('a failed call gives its place back', async () => {
    const { limiter } = open({ concurrencyMax: 1 });
    const failed = limiter.run(async () => Promise.reject(new Error('lost')), signal);
    const next = limiter.run(async () => 'next', signal);
    await expect(failed).rejects.toThrow('lost');
    expect(await next).toBe('next');
  });

  test('a pause after a 429 holds everybody back', async () => {
    const { clock, limiter } = open();
    limiter.pause(5000);
    limiter.pause(1000);
    const starts: number[] = [];
    const call = async (): Promise<void> => void starts.push(clock.now());
    await Promise.all([limiter.run(call, signal), limiter.run(call, signal)]);
    expect(starts).toEqual([5000, 5000]);
  });

  test('stops before the call that would exceed the budget, counting other processes', async () => {
    const { limiter, meter } = open({ budget: { calls: 5 }, meter: createMeter(3) });
    const limited = open({ budget: { calls: 5 }, meter: createMeter(5) });
    let made = 0;
    const call = async (): Promise<void> => {
      made += 1;
    };
    await limiter.run(call, signal);
    await limiter.run(call, signal);
    await expect(limiter.run(call, signal)).rejects.toBeInstanceOf(BudgetExhausted);
    await expect(limited.limiter.run(call, signal)).rejects.toMatchObject({ used: 5, budget: 5 });
    expect(made).toBe(2);
    expect(limiter.remaining()).toBe(0);
    expect(meter.usedToday()).toBe(0);
  });

  test('a share of the account’s limit binds as soon as the limit is known', async () => {
    const { limiter, meter } = open({ budget: { share: 0.5 } });
    const call = async (): Promise<void> => undefined;
    expect(limiter.remaining()).toBe(Number.POSITIVE_INFINITY);
    await limiter.run(call, signal);
    limiter.learnDailyLimit(5);
    expect(limiter.remaining()).toBe(1);
    await limiter.run(call, signal);
    await expect(limiter.run(call, signal)).rejects.toBeInstanceOf(BudgetExhausted);
    expect(meter.usedToday()).toBe(2);
  });

  test('until the limit is known calls go one by one, so that many at once do not exceed it', async () => {
    const { clock, limiter, meter } = open({ budget: { share: 0.5 } });
    const call = async (): Promise<void> => {
      await clock.sleep(5);
      limiter.learnDailyLimit(4);
    };
    const calls = Array.from({ length: 8 }, () => limiter.run(call, signal));
    const settled = await Promise.allSettled(calls);
    expect(settled.filter((each) => each.status === 'fulfilled')).toHaveLength(2);
    expect(meter.usedToday()).toBe(2);
  });

  test('a limit that is never told does not hold calls one by one for ever', async () => {
    const opened = open({ budget: { share: 0.5 }, requestsPerSecond: 1000 });
    expect(await mostAtOnce(30, opened)).toBeGreaterThan(1);
  });

  test('whoever gives up while waiting does not block those behind', async () => {
    const { limiter } = open({ concurrencyMax: 1 });
    let release = (): void => {};
    const first = limiter.run(() => new Promise<void>((resolve) => (release = resolve)), signal);
    const abort = new AbortController();
    const second = limiter.run(async () => 'second', abort.signal);
    const third = limiter.run(async () => 'third', signal);
    abort.abort(new Error('stopped'));
    await expect(second).rejects.toThrow('stopped');
    release();
    await first;
    expect(await third).toBe('third');
  });
});

test('a daily budget is a whole number or a share', () => {
  expect(parseDailyBudget('50%')).toEqual({ share: 0.5 });
  expect(parseDailyBudget(1000)).toEqual({ calls: 1000 });
  expect(parseDailyBudget('1000')).toEqual({ calls: 1000 });
  for (const bad of ['0%', '101%', '-5', 'half', 0, 1.5, '']) {
    expect(parseDailyBudget(bad)).toBeUndefined();
  }
});
