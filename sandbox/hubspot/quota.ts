import type { SandboxClock } from '../clock.ts';
import type { LimitPolicy } from './error-reply.ts';

export interface QuotaLimits {
  /** Calls a day, until midnight of the account's time zone. */
  daily: number;
  /** Calls in any ten seconds, search not included. */
  tenSecondly: number;
  /** Search requests in any second, all apps together. */
  searchPerSecond: number;
}

/** Professional: 190 calls in ten seconds and 625,000 a day; search 5 a second for everyone. */
export const defaultLimits: QuotaLimits = {
  daily: 625_000,
  tenSecondly: 190,
  searchPerSecond: 5,
};

export interface Quota {
  /** Counts one call, or names the limit it broke; a refused call is not counted. */
  take(isSearch: boolean): LimitPolicy | undefined;
  /** What a reply says about the limits; search says nothing, OAuth apps have no daily figures. */
  headers(isSearch: boolean, isOAuth: boolean): Record<string, string>;
  setLimits(limits: Partial<QuotaLimits>): void;
}

const intervalMs = 10_000;

export function createQuota(clock: SandboxClock, start: QuotaLimits, timeZone: string): Quota {
  const limits = { ...start };
  const recent = createWindow(intervalMs);
  const searches = createWindow(1_000);
  const day = new Intl.DateTimeFormat('en-CA', { timeZone });
  let today = '';
  let usedToday = 0;

  return {
    take(isSearch) {
      const nowMs = clock.now();
      const date = day.format(nowMs);
      if (date !== today) {
        today = date;
        usedToday = 0;
      }
      if (usedToday >= limits.daily) return 'DAILY';
      if (isSearch) {
        if (searches.count(nowMs) >= limits.searchPerSecond) return 'SECONDLY';
        searches.add(nowMs);
      } else {
        if (recent.count(nowMs) >= limits.tenSecondly) return 'TEN_SECONDLY_ROLLING';
        recent.add(nowMs);
      }
      usedToday += 1;
      return undefined;
    },
    headers(isSearch, isOAuth) {
      if (isSearch) return {};
      const remaining = Math.max(0, limits.tenSecondly - recent.count(clock.now()));
      const headers: Record<string, string> = {
        'X-HubSpot-RateLimit-Interval-Milliseconds': String(intervalMs),
        'X-HubSpot-RateLimit-Max': String(limits.tenSecondly),
        'X-HubSpot-RateLimit-Remaining': String(remaining),
      };
      if (isOAuth) return headers;
      return {
        ...headers,
        'X-HubSpot-RateLimit-Daily': String(limits.daily),
        'X-HubSpot-RateLimit-Daily-Remaining': String(Math.max(0, limits.daily - usedToday)),
      };
    },
    setLimits: (changed) => void Object.assign(limits, changed),
  };
}

/** Calls within the last `spanMs`, as a queue whose head moves instead of shifting. */
function createWindow(spanMs: number) {
  let times: number[] = [];
  let head = 0;
  return {
    add: (atMs: number) => void times.push(atMs),
    count(nowMs: number): number {
      while (head < times.length && (times[head] ?? 0) <= nowMs - spanMs) head += 1;
      if (head > 1_000 && head * 2 > times.length) {
        times = times.slice(head);
        head = 0;
      }
      return times.length - head;
    },
  };
}
