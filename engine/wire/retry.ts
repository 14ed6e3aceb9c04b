import type { Clock } from '../words/clock.ts';
import { TransientError } from '../words/errors.ts';
import { type Log, silentLog } from '../words/log.ts';

const attemptsMaxDefault = 6;
export const waitBaseMs = 500;
/** The longest wait between two tries, also where the other side asks for more. */
export const waitMaxMsDefault = 60_000;

export interface RetryOptions {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Tries in all, the first one counted. */
  readonly attemptsMax?: number;
  readonly waitMaxMs?: number;
  readonly log?: Log;
  /** Uniform in [0, 1); an argument so that tests are deterministic. */
  readonly random?: () => number;
  /**
   * Answers false where a transient fault must not be tried again (a write that may be applied).
   */
  readonly isRepeatable?: (error: TransientError) => boolean;
}

/**
 * The one judge of trying again. Only a TransientError is repeated; anything else is thrown at
 * once, and the last TransientError when the tries are used up. Waits are exponential with full
 * jitter, so that many callers that failed together do not come back together; `retryAfterMs` is a
 * floor.
 */
export async function retry<T>(
  work: (attempt: number) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  const attemptsMax = options.attemptsMax ?? attemptsMaxDefault;
  const log = options.log ?? silentLog;
  for (let attempt = 1; ; attempt += 1) {
    options.signal.throwIfAborted();
    try {
      return await work(attempt);
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      if (attempt >= attemptsMax || options.isRepeatable?.(error) === false) throw error;
      const waitMs = pickWaitMs(attempt, error.retryAfterMs, options);
      log.warn('trying again', {
        code: error.code,
        attempt,
        attempts_max: attemptsMax,
        wait_ms: waitMs,
      });
      await options.clock.sleep(waitMs, options.signal);
    }
  }
}

function pickWaitMs(
  attempt: number,
  retryAfterMs: number | undefined,
  options: RetryOptions,
): number {
  const waitMaxMs = options.waitMaxMs ?? waitMaxMsDefault;
  const ceilingMs = Math.min(waitMaxMs, waitBaseMs * 2 ** (attempt - 1));
  const jitterMs = Math.round(ceilingMs * (options.random ?? Math.random)());
  // Asked to wait: never come back earlier, but spread out after it.
  return Math.min(waitMaxMs, (retryAfterMs ?? 0) + jitterMs);
}
