import type { Clock } from '../words/clock.ts';
import type { CallMeter } from '../words/connection.ts';
import { BudgetExhausted } from '../words/errors.ts';

/** Calls a day that may be used: a number, or a share of the account's own limit. */
export type DailyBudget =
  | { readonly calls: number }
  | { readonly share: number; readonly limit?: number };

/** Calls made one by one while the limit that a share is taken of is not known. */
export const blindCallsMax = 10;

export interface LimiterOptions {
  /** Named in messages; no secret. */
  readonly account: string;
  readonly clock: Clock;
  readonly meter: CallMeter;
  readonly requestsPerSecond: number;
  /** Calls that may start at once after a quiet time; default: one second's worth. */
  readonly burst?: number;
  readonly concurrencyMax: number;
  readonly budget?: DailyBudget;
}

/** One per account, shared by everything in the process that calls it. */
export interface Limiter {
  /**
   * Runs one call when the bucket, the concurrency and the day's budget allow, first come first
   * served. Counts the call on the meter before it starts, whatever becomes of it.
   * @throws BudgetExhausted instead of starting a call that the budget does not hold.
   */
  run<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Nobody starts a call for so long: the other side said 429. Running calls go on. */
  pause(durationMs: number): void;
  /** The account's own daily limit as the other side reports it; a share is taken of it. */
  learnDailyLimit(calls: number): void;
  /** Calls left today; infinite without a budget or while the limit is unknown. */
  remaining(): number;
}

export function createLimiter(options: LimiterOptions): Limiter {
  const { clock, meter, requestsPerSecond, concurrencyMax } = options;
  const burst = options.burst ?? Math.max(1, Math.floor(requestsPerSecond));
  let tokens = burst;
  let filledAtMs = clock.now();
  let pausedUntilMs = Number.NEGATIVE_INFINITY;
  let running = 0;
  let started = 0;
  let dailyLimit = options.budget && 'share' in options.budget ? options.budget.limit : undefined;
  let freed: (() => void) | undefined;
  /** The door: callers pass one after another, so that nobody overtakes. */
  let door: Promise<unknown> = Promise.resolve();

  const budget = (): number => {
    if (options.budget === undefined) return Number.POSITIVE_INFINITY;
    if ('calls' in options.budget) return options.budget.calls;
    if (dailyLimit === undefined) return Number.POSITIVE_INFINITY;
    return Math.floor(dailyLimit * options.budget.share);
  };

  /** A share of a limit nobody has told yet: one call at a time, until an answer tells it. */
  const isBlind = (): boolean =>
    options.budget !== undefined &&
    'share' in options.budget &&
    dailyLimit === undefined &&
    started < blindCallsMax;

  const fill = (): void => {
    const nowMs = clock.now();
    const elapsedMs = Math.max(0, nowMs - filledAtMs);
    tokens = Math.min(burst, tokens + (elapsedMs * requestsPerSecond) / 1000);
    filledAtMs = nowMs;
  };

  const waitForRoom = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const abort = (): void => {
        freed = undefined;
        reject(signal.reason);
      };
      signal.addEventListener('abort', abort, { once: true });
      freed = () => {
        freed = undefined;
        signal.removeEventListener('abort', abort);
        resolve();
      };
    });

  /** Resolves when one call may start; one caller at a time is in here. */
  const enter = async (signal: AbortSignal): Promise<void> => {
    for (;;) {
      signal.throwIfAborted();
      const pauseMs = pausedUntilMs - clock.now();
      fill();
      if (pauseMs > 0) await clock.sleep(pauseMs, signal);
      else if (running >= (isBlind() ? 1 : concurrencyMax)) await waitForRoom(signal);
      // A hair of tolerance: fractions of a token must not cost one more round of waiting.
      else if (tokens < 1 - 1e-9) {
        await clock.sleep(Math.ceil(((1 - tokens) * 1000) / requestsPerSecond), signal);
      } else break;
    }
    const used = meter.usedToday();
    const allowed = budget();
    if (used + 1 > allowed) throw new BudgetExhausted(options.account, used, allowed);
    meter.add(1);
    started += 1;
    tokens -= 1;
    running += 1;
  };

  return {
    async run(call, signal) {
      const entered = door.then(() => enter(signal));
      door = entered.catch(() => undefined);
      await entered;
      try {
        return await call();
      } finally {
        running -= 1;
        freed?.();
      }
    },
    pause(durationMs) {
      pausedUntilMs = Math.max(pausedUntilMs, clock.now() + durationMs);
    },
    learnDailyLimit(calls) {
      dailyLimit = calls;
    },
    remaining: () => Math.max(0, budget() - meter.usedToday()),
  };
}

/** `50%` or a whole number, as `daily_calls` is written; undefined where it is neither. */
export function parseDailyBudget(text: string | number): DailyBudget | undefined {
  if (typeof text === 'number')
    return Number.isInteger(text) && text > 0 ? { calls: text } : undefined;
  const percent = /^(\d{1,3}(?:\.\d+)?)%$/.exec(text)?.[1];
  if (percent !== undefined) {
    const share = Number(percent) / 100;
    return share > 0 && share <= 1 ? { share } : undefined;
  }
  return /^[1-9]\d{0,12}$/.test(text) ? { calls: Number(text) } : undefined;
}
