import type { Clock } from '../../engine/words/clock.ts';

export interface VirtualClock extends Clock {
  /** Every wait that was asked for, in order, in milliseconds. */
  readonly slept: readonly number[];
  advance(ms: number): void;
}

/**
 * A clock that jumps to the next wake-up as soon as everything else is waiting: hours of waiting
 * pass at once, in the right order.
 */
export function createVirtualClock(startMs = Date.UTC(2026, 0, 1)): VirtualClock {
  let nowMs = startMs;
  let sequence = 0;
  let isTicking = false;
  const slept: number[] = [];
  const sleepers: { atMs: number; sequence: number; wake(): void }[] = [];

  const tick = (): void => {
    isTicking = false;
    sleepers.sort((a, b) => a.atMs - b.atMs || a.sequence - b.sequence);
    const next = sleepers.shift();
    if (next === undefined) return;
    nowMs = Math.max(nowMs, next.atMs);
    next.wake();
    if (sleepers.length > 0) schedule();
  };
  const schedule = (): void => {
    if (isTicking) return;
    isTicking = true;
    setImmediate(tick);
  };

  return {
    slept,
    now: () => nowMs,
    advance(ms) {
      nowMs += ms;
    },
    sleep(durationMs, signal) {
      slept.push(durationMs);
      return new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        const sleeper = { atMs: nowMs + durationMs, sequence: sequence++, wake: resolve };
        sleepers.push(sleeper);
        signal?.addEventListener(
          'abort',
          () => {
            const at = sleepers.indexOf(sleeper);
            if (at === -1) return;
            sleepers.splice(at, 1);
            reject(signal.reason);
          },
          { once: true },
        );
        schedule();
      });
    },
  };
}
