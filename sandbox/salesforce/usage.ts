import type { SandboxClock } from '../clock.ts';

const hourMs = 3600 * 1000;

/** The daily limit of API calls, counted over the last 24 hours. */
export interface Usage {
  readonly max: number;
  used(): number;
  /** Counts one call; false when there is none left. */
  take(): boolean;
}

const dailyCallsDefault = 100_000;

export function createUsage(clock: SandboxClock, max = dailyCallsDefault): Usage {
  const byHour = new Map<number, number>();
  function used(): number {
    const now = Math.floor(clock.now() / hourMs);
    let sum = 0;
    for (const [hour, count] of byHour) {
      if (hour <= now - 24) byHour.delete(hour);
      else sum += count;
    }
    return sum;
  }
  return {
    max,
    used,
    take() {
      if (used() >= max) return false;
      const hour = Math.floor(clock.now() / hourMs);
      byHour.set(hour, (byHour.get(hour) ?? 0) + 1);
      return true;
    },
  };
}

/** The body of `GET /limits`. */
export function printLimits(usage: Usage): object {
  const whole = (max: number): object => ({ Max: max, Remaining: max });
  return {
    DailyApiRequests: { Max: usage.max, Remaining: usage.max - usage.used() },
    DailyBulkApiBatches: whole(15_000),
    DailyBulkV2QueryJobs: whole(10_000),
    DailyBulkV2QueryFileStorageMB: whole(976_562),
    DailyStandardVolumePlatformEvents: whole(25_000),
    DailyStreamingApiEvents: whole(200_000),
    DataStorageMB: whole(1024),
    FileStorageMB: whole(1024),
    HourlyPublishedPlatformEvents: whole(250_000),
  };
}
