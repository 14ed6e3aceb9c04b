import type { Clock } from '../words/clock.ts';
import type { CallMeter } from '../words/connection.ts';
import { BudgetExhausted } from '../words/errors.ts';

/** Calls a day that may be used: a number, or a share of the account's own limit. */
export type DailyBudget =
  | { readonly calls: number }
  | { readonly share: number; readonly limit?: number };

/** Calls made one by one while the limit that a share is taken of is not known. */
const blindCallsMax = 10;

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
  const { clock, meter, concurrencyMax } = options;
  const bucket = createBucket(options);
  const room = createRoom();
  const allowance = createAllowance(options.budget);
  let pausedUntilMs = Number.NEGATIVE_INFINITY;
  /** The door: callers pass one after another, so that nobody overtakes. */
  let door: Promise<unknown> = Promise.resolve();

  /** Resolves when one call may start; one caller at a time is in here. */
  const enter = async (signal: AbortSignal): Promise<void> => {
    for (;;) {
      signal.throwIfAborted();
      const pauseMs = pausedUntilMs - clock.now();
      const emptyMs = bucket.waitMs();
      if (pauseMs > 0) await clock.sleep(pauseMs, signal);
      else if (room.running >= (allowance.isBlind ? 1 : concurrencyMax)) await room.wait(signal);
      else if (emptyMs > 0) await clock.sleep(emptyMs, signal);
      else break;
    }
    const used = meter.usedToday();
    const allowed = allowance.calls();
    if (used + 1 > allowed) throw new BudgetExhausted(options.account, used, allowed);
    meter.add(1);
    allowance.start();
    bucket.take();
    room.running += 1;
  };

  return {
    async run(call, signal) {
      const entered = door.then(() => enter(signal));
      door = entered.catch(() => undefined);
      await entered;
      try {
        return await call();
      } finally {
        room.leave();
      }
    },
    pause(durationMs) {
      pausedUntilMs = Math.max(pausedUntilMs, clock.now() + durationMs);
    },
    learnDailyLimit: (calls) => allowance.learn(calls),
    remaining: () => Math.max(0, allowance.calls() - meter.usedToday()),
  };
}

/** Tokens flow in evenly up to the burst; no window whose edge could hold twice the rate. */
function createBucket(options: LimiterOptions) {
  const { clock, requestsPerSecond } = options;
  const burst = options.burst ?? Math.max(1, Math.floor(requestsPerSecond));
  let tokens = burst;
  let filledAtMs = clock.now();
  return {
    waitMs(): number {
      const nowMs = clock.now();
      const elapsedMs = Math.max(0, nowMs - filledAtMs);
      tokens = Math.min(burst, tokens + (elapsedMs * requestsPerSecond) / 1000);
      filledAtMs = nowMs;
      // A hair of tolerance: fractions of a token must not cost one more round of waiting.
      return tokens >= 1 - 1e-9 ? 0 : Math.ceil(((1 - tokens) * 1000) / requestsPerSecond);
    },
    take(): void {
      tokens -= 1;
    },
  };
}

/** The calls under way, and the one caller at the door who waits for one of them to end. */
function createRoom() {
  let freed: (() => void) | undefined;
  const room = {
    running: 0,
    leave(): void {
      room.running -= 1;
      freed?.();
    },
    wait: (signal: AbortSignal): Promise<void> =>
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
      }),
  };
  return room;
}

/** What the budget allows a day. */
function createAllowance(budget: DailyBudget | undefined) {
  const share = budget !== undefined && 'share' in budget ? budget : undefined;
  let limit = share?.limit;
  let started = 0;
  return {
    calls(): number {
      if (budget !== undefined && 'calls' in budget) return budget.calls;
      if (share === undefined || limit === undefined) return Number.POSITIVE_INFINITY;
      return Math.floor(limit * share.share);
    },
    /** A share of a limit nobody has told yet: one call at a time, until an answer tells it. */
    get isBlind(): boolean {
      return share !== undefined && limit === undefined && started < blindCallsMax;
    },
    start(): void {
      started += 1;
    },
    learn(calls: number): void {
      limit = calls;
    },
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
