import { onTestFinished } from 'vitest';
import { type Due, runSchedule } from '../../engine/run/schedule.ts';
import type { ScheduledPipeline } from '../../engine/run/ticks.ts';
import { createScheduleStore, type ScheduleStore } from '../../engine/state/schedules.ts';
import { openStateDb } from '../../engine/state/state-db.ts';
import type { Clock } from '../../engine/words/clock.ts';
import type { Log } from '../../engine/words/log.ts';
import { testFolder } from '../state/folder.ts';

/** A clock that stands still until it is moved; who sleeps on it wakes in the order of time. */
export interface StageClock extends Clock {
  /** Moves through every wake-up on the way, as time does. */
  advance(durationMs: number): Promise<void>;
  /** Moves at once: what sleeps sees only the end, as after a suspended laptop. */
  jump(durationMs: number): Promise<void>;
}

/** Lets everything that can go on without time passing go on. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 5; round += 1) await new Promise((resolve) => setImmediate(resolve));
}

interface Sleeper {
  readonly wakeMs: number;
  resolve(): void;
}

function createStageClock(start: string): StageClock {
  let nowMs = Date.parse(start);
  const sleepers = new Set<Sleeper>();
  const wakeDue = async (): Promise<void> => {
    for (const sleeper of [...sleepers]) {
      if (sleeper.wakeMs > nowMs) continue;
      sleepers.delete(sleeper);
      sleeper.resolve();
    }
    await settle();
  };
  return {
    now: () => nowMs,
    sleep: (durationMs, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const sleeper = { wakeMs: nowMs + durationMs, resolve };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', () => {
          sleepers.delete(sleeper);
          reject(signal.reason);
        });
      }),
    async advance(durationMs) {
      const endMs = nowMs + durationMs;
      await settle();
      for (;;) {
        const nextMs = Math.min(...[...sleepers].map(({ wakeMs }) => wakeMs));
        if (nextMs > endMs) break;
        nowMs = Math.max(nowMs, nextMs);
        await wakeDue();
      }
      nowMs = endMs;
      await wakeDue();
    },
    async jump(durationMs) {
      await settle();
      nowMs += durationMs;
      await wakeDue();
    },
  };
}

export interface Stage {
  readonly clock: StageClock;
  readonly store: ScheduleStore;
  /** Runs that were started, as `name@2026-03-01T09:00`. */
  readonly started: string[];
  readonly events: string[];
  pipelines: ScheduledPipeline[];
  /** Set: reading the declarations fails so. */
  fault: Error | undefined;
  /** False: runs stay under way until `finish`. */
  endsAtOnce: boolean;
  /** False: runs wait for their lock. */
  begins: boolean;
  finish(): Promise<void>;
  fail(error: Error): Promise<void>;
  /** A new scheduler process on the same state. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export const minute = 60_000;
export const hour = 60 * minute;

export const daily = (name: string, schedule: string, timezone = 'UTC'): ScheduledPipeline => ({
  name,
  schedule,
  timezone,
});

/** A scheduler whose runs are held in the test's hand. */
export function openStage(start = '2026-03-01T09:00:30.000Z'): Stage {
  const clock = createStageClock(start);
  const db = openStateDb(testFolder());
  const store = createScheduleStore(db);
  let underWay: { resolve(): void; reject(error: Error): void } | undefined;
  let process: { controller: AbortController; ended: Promise<void> } | undefined;
  const events: string[] = [];
  const note = (event: string): void => void events.push(event);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const stage: Stage = {
    clock,
    store,
    started: [],
    events,
    pipelines: [],
    fault: undefined,
    endsAtOnce: true,
    begins: true,
    finish: async () => {
      underWay?.resolve();
      await settle();
    },
    fail: async (error) => {
      underWay?.reject(error);
      await settle();
    },
    start: async () => {
      const controller = new AbortController();
      const ended = runSchedule({
        clock,
        signal: controller.signal,
        store,
        log,
        readPipelines: () => {
          if (stage.fault) throw stage.fault;
          return stage.pipelines;
        },
        run: async ({ pipeline, tickMs, missed }: Due, onBegin) => {
          const at = new Date(tickMs).toISOString().slice(0, 16);
          stage.started.push(`${pipeline}@${at}${missed > 0 ? ` +${missed}` : ''}`);
          if (stage.begins) onBegin();
          if (stage.endsAtOnce) return;
          await new Promise<void>((resolve, reject) => {
            underWay = { resolve, reject };
          });
        },
      });
      process = { controller, ended };
      await settle();
    },
    stop: async () => {
      process?.controller.abort(new Error('stopped'));
      underWay?.resolve();
      await process?.ended;
    },
  };
  onTestFinished(async () => {
    await stage.stop();
    db[Symbol.dispose]();
  });
  return stage;
}
