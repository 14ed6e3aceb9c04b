import { createLimiter, type Limiter } from '../../engine/wire/limit.ts';
import type { ConnectionContext } from '../../engine/words/connection.ts';
import { type HubSpotConfig, tenSecondlyCallsDefault } from './config.ts';
import { readDailyLimit, readTenSecondlyLimit } from './fault.ts';

/** HubSpot names no limit of calls at once; its own client makes six. */
export const concurrencyMax = 6;

export interface HubSpotLimits {
  /** The limiter of a path. */
  of(path: string): Limiter;
  /** Calls left today; infinite without a budget. */
  remaining(): number;
  /** Takes over what an answer says about the account's limits. */
  learn(headers: Headers): void;
}

/** Search has a limit of its own and is outside the ten-second one; the day's holds both. */
export function createLimits(context: ConnectionContext, config: HubSpotConfig): HubSpotLimits {
  const { clock, meter, name } = context;
  const create = (requestsPerSecond: number, burst: number): Limiter =>
    createLimiter({
      account: name,
      clock,
      meter,
      requestsPerSecond,
      burst,
      concurrencyMax,
      ...(config.dailyBudget === undefined ? {} : { budget: config.dailyBudget }),
    });
  // A full bucket and ten seconds of filling together stay below the limit.
  const createTenSecondly = (calls: number): Limiter =>
    create((calls * 0.9) / 10, Math.max(1, Math.floor(calls * 0.1)));
  let tenSecondlyCalls = config.tenSecondlyCalls ?? tenSecondlyCallsDefault;
  let others = createTenSecondly(tenSecondlyCalls);
  let daily: number | undefined;
  const search = create(config.searchesPerSecond, 1);
  return {
    of: (path: string): Limiter => (path.endsWith('/search') ? search : others),
    remaining: () => others.remaining(),
    learn(headers: Headers): void {
      const limit = readTenSecondlyLimit(headers);
      daily = readDailyLimit(headers) ?? daily;
      if (limit !== undefined && config.tenSecondlyCalls === undefined) {
        if (limit !== tenSecondlyCalls) others = createTenSecondly(limit);
        tenSecondlyCalls = limit;
      }
      if (daily === undefined) return;
      others.learnDailyLimit(daily);
      search.learnDailyLimit(daily);
    },
  };
}
