import type { StateDb, StateRow } from './state-db.ts';

/** What is remembered of a pipeline's schedule, so that a restart neither repeats nor forgets. */
export interface ScheduleRecord {
  readonly pipeline: string;
  readonly schedule: string;
  readonly timezone: string;
  /** Every tick up to here has been run, skipped or counted as missed. ISO 8601. */
  readonly decidedUntil: string;
  /** Ticks that came while a run of the same pipeline was under way or waiting. */
  readonly skipped: number;
  readonly lastSkippedAt: string | undefined;
  /** Ticks that nobody was there to see (stopped, asleep); one run stood in for each series. */
  readonly missed: number;
}

export interface ScheduleKey {
  readonly pipeline: string;
  readonly schedule: string;
  readonly timezone: string;
}

export interface ScheduleStore {
  find(pipeline: string): ScheduleRecord | undefined;
  list(): ScheduleRecord[];
  /** A new or changed schedule: ticks count from here. Counters of the pipeline stay. */
  track(key: ScheduleKey, fromMs: number): void;
  /** A run stands for every tick up to here. */
  decide(pipeline: string, untilMs: number, missed: number): void;
  /** Ticks that no run will stand for; the schedule's place is left where it is. */
  skip(pipeline: string, ticks: number, atMs: number): void;
}

export function createScheduleStore(db: StateDb): ScheduleStore {
  return {
    find: (pipeline) => {
      const row = db.get('select * from schedules where pipeline = ?', pipeline);
      return row && toRecord(row);
    },
    list: () => db.all('select * from schedules order by pipeline').map(toRecord),
    track: ({ pipeline, schedule, timezone }, fromMs) => {
      db.run(
        `insert into schedules values (?, ?, ?, ?, 0, null, 0)
         on conflict (pipeline) do update set
           schedule = excluded.schedule,
           timezone = excluded.timezone,
           decided_until = excluded.decided_until`,
        pipeline,
        schedule,
        timezone,
        new Date(fromMs).toISOString(),
      );
    },
    decide: (pipeline, untilMs, missed) => {
      db.run(
        'update schedules set decided_until = ?, missed = missed + ? where pipeline = ?',
        new Date(untilMs).toISOString(),
        missed,
        pipeline,
      );
    },
    skip: (pipeline, ticks, atMs) => {
      db.run(
        'update schedules set skipped = skipped + ?, last_skipped_at = ? where pipeline = ?',
        ticks,
        new Date(atMs).toISOString(),
        pipeline,
      );
    },
  };
}

function toRecord(row: StateRow): ScheduleRecord {
  const skippedAt = row['last_skipped_at'];
  return {
    pipeline: String(row['pipeline']),
    schedule: String(row['schedule']),
    timezone: String(row['timezone']),
    decidedUntil: String(row['decided_until']),
    skipped: Number(row['skipped']),
    lastSkippedAt: skippedAt === null ? undefined : String(skippedAt),
    missed: Number(row['missed']),
  };
}
