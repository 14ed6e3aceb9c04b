import { CronTime } from 'cron';

/** What `pipelines:` says of when one of them runs. */
export interface ScheduledPipeline {
  readonly name: string;
  /** Five-field cron expression. */
  readonly schedule: string;
  /** IANA zone. */
  readonly timezone: string;
}

/** Ticks counted one by one; a gap that holds more is passed over whole. */
export const ticksCountMax = 1_000;

const minuteMs = 60_000;
/** In an hour that a zone repeats, the library may name a time of its first pass again. */
const repeatedMinutesMax = 180;

/** The times of one schedule, on its zone's wall clock. */
export interface Ticks {
  /** The first tick after a moment; undefined where the expression names no day that exists. */
  after(fromMs: number): number | undefined;
  /** Ticks after `fromMs`, up to and including `untilMs`; see `ticksCountMax`. */
  between(fromMs: number, untilMs: number): { count: number; lastMs: number | undefined };
}

/**
 * A wall-clock time that the change to summer time leaves out runs when the change happens; one
 * that the change back repeats runs once for schedules of a fixed hour.
 */
export function createTicks({ schedule, timezone }: ScheduledPipeline): Ticks {
  const cron = new CronTime(schedule, timezone);
  const after = (fromMs: number): number | undefined => {
    try {
      for (let step = 0; step <= repeatedMinutesMax; step += 1) {
        const start = new Date(fromMs + step * minuteMs);
        const nextMs = cron.getNextDateFrom(start, timezone).toMillis();
        if (nextMs > fromMs) return nextMs;
      }
    } catch {
      // The library gives up after eight years without a match, e.g. on the 31st of February.
    }
    return undefined;
  };
  return {
    after,
    between(fromMs, untilMs) {
      let lastMs: number | undefined;
      let count = 0;
      let nextMs = after(fromMs);
      while (nextMs !== undefined && nextMs <= untilMs) {
        count += 1;
        lastMs = nextMs;
        if (count === ticksCountMax) return { count, lastMs: untilMs };
        nextMs = after(nextMs);
      }
      return { count, lastMs };
    },
  };
}
