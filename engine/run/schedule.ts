import type { ScheduleStore } from '../state/schedules.ts';
import type { Clock } from '../words/clock.ts';
import { messageOf } from '../words/errors.ts';
import type { Log } from '../words/log.ts';
import { createTicks, type ScheduledPipeline, type Ticks } from './ticks.ts';

/** One run that is due. */
export interface Due {
  readonly pipeline: string;
  /** The tick it stands for, the newest where several were missed. */
  readonly tickMs: number;
  /** Earlier ticks that nobody was there to see; this run stands for them too. */
  readonly missed: number;
}

export interface ScheduleOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly store: ScheduleStore;
  readonly log: Log;
  /** What is declared now. While it throws, the declarations it last answered keep their times. */
  readPipelines(): readonly ScheduledPipeline[];
  /**
   * Runs one pipeline to its end; `onBegin` once it has all it waits for. One that a stop finds
   * waiting is run after the next start. A rejection is logged; the schedule goes on.
   */
  run(due: Due, onBegin: () => void): Promise<void>;
}

/** The longest sleep: a declaration that changed, or a clock that was set, is seen after it. */
const wakeMsMax = 30_000;
/** A place remembered this far ahead of the clock comes from a clock that was wrong. */
const aheadMsMax = 120_000;

interface Slot {
  pipeline: ScheduledPipeline;
  ticks: Ticks;
  /** Every tick up to here is decided. */
  decidedMs: number;
  nextMs: number | undefined;
  phase: 'idle' | 'waiting' | 'running';
}

interface Turn {
  readonly slot: Slot;
  readonly due: Due;
}

/**
 * Runs pipelines when they are due, one at a time, until the signal aborts; resolves when the run
 * under way has ended. A tick that comes while its pipeline runs or waits for its turn is skipped
 * and counted. Ticks missed because the process was stopped or asleep are made up for by one run.
 */
export async function runSchedule(options: ScheduleOptions): Promise<void> {
  const { clock, signal } = options;
  const slots = new Map<string, Slot>();
  const queue: Turn[] = [];
  const readDeclared = createReader(options);
  let worker: Promise<void> | undefined;

  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next && !signal.aborted; next = queue.shift()) {
      // Not if its pipeline was taken out of the declaration while it waited.
      if (slots.get(next.due.pipeline) === next.slot) await runDue(options, next);
    }
    // Here and not later: whoever finds the queue filled must not find this worker still there.
    worker = undefined;
  };

  while (!signal.aborted) {
    refresh(options, slots, readDeclared());
    for (const slot of slots.values()) {
      const due = decide(options, slot);
      if (due) queue.push({ slot, due });
    }
    if (queue.length > 0) worker ??= work();
    await sleepUntilNext(clock, signal, slots);
  }
  await worker;
}

/** Reads the declarations; says once what is wrong with them and keeps those before. */
function createReader(options: ScheduleOptions): () => readonly ScheduledPipeline[] | undefined {
  let lastFault: string | undefined;
  return () => {
    try {
      const pipelines = options.readPipelines();
      if (lastFault !== undefined) options.log.info('schedule.readable_again');
      lastFault = undefined;
      return pipelines;
    } catch (error) {
      const message = messageOf(error);
      if (message !== lastFault) options.log.error('schedule.unreadable', { message });
      lastFault = message;
      return undefined;
    }
  };
}

function refresh(
  options: ScheduleOptions,
  slots: Map<string, Slot>,
  declared: readonly ScheduledPipeline[] | undefined,
): void {
  if (!declared) return;
  const names = new Set(declared.map(({ name }) => name));
  for (const name of slots.keys()) {
    if (names.has(name)) continue;
    slots.delete(name);
    options.log.info('pipeline.removed', { pipeline: name });
  }
  for (const pipeline of declared) {
    const known = slots.get(pipeline.name);
    if (known && isSame(known.pipeline, pipeline)) continue;
    const place = findPlace(options, pipeline, known !== undefined);
    // The same slot: a run of the earlier declaration may be under way, and says so in it.
    if (known) Object.assign(known, place);
    else slots.set(pipeline.name, { ...place, phase: 'idle' });
  }
}

function isSame(left: Omit<ScheduledPipeline, 'name'>, right: ScheduledPipeline): boolean {
  return left.schedule === right.schedule && left.timezone === right.timezone;
}

function findPlace(
  { clock, store, log }: ScheduleOptions,
  pipeline: ScheduledPipeline,
  isChanged: boolean,
): Omit<Slot, 'phase'> {
  const { name, schedule, timezone } = pipeline;
  const ticks = createTicks(pipeline);
  const found = isChanged ? undefined : store.find(name);
  const isKept = found !== undefined && isSame(found, pipeline);
  const decidedMs = isKept ? Date.parse(found.decidedUntil) : clock.now();
  if (!isKept) {
    remember(log, () => store.track({ pipeline: name, schedule, timezone }, decidedMs));
  }
  const nextMs = ticks.after(decidedMs);
  const next = nextMs === undefined ? null : new Date(nextMs).toISOString();
  log.info('pipeline.scheduled', { pipeline: name, schedule, timezone, next });
  return { pipeline, ticks, decidedMs, nextMs };
}

/** What becomes of the ticks since the last look: a run, skipped ones, or nothing. */
function decide(options: ScheduleOptions, slot: Slot): Due | undefined {
  const { clock, store, log } = options;
  const { name } = slot.pipeline;
  const nowMs = clock.now();
  if (slot.decidedMs > nowMs + aheadMsMax) {
    log.warn('schedule.clock_set_back', { pipeline: name, ahead_ms: slot.decidedMs - nowMs });
    slot.decidedMs = nowMs;
    slot.nextMs = slot.ticks.after(nowMs);
    remember(log, () => store.decide(name, nowMs, 0));
  }
  if (slot.nextMs === undefined || slot.nextMs > nowMs) return undefined;
  const { count, lastMs } = slot.ticks.between(slot.decidedMs, nowMs);
  if (lastMs === undefined) return undefined;
  slot.decidedMs = lastMs;
  slot.nextMs = slot.ticks.after(lastMs);
  if (slot.phase === 'idle') {
    slot.phase = 'waiting';
    return { pipeline: name, tickMs: lastMs, missed: count - 1 };
  }
  log.warn('pipeline.skipped', { pipeline: name, ticks: count, because: slot.phase });
  remember(log, () => store.skip(name, count, lastMs));
  return undefined;
}

async function runDue(options: ScheduleOptions, { slot, due }: Turn): Promise<void> {
  const { store, log, signal } = options;
  const { pipeline, missed } = due;
  slot.phase = 'running';
  let hasBegun = false;
  // Remembered at once: a pipeline that kills the process must not do so again at the next start.
  const begin = (): void => {
    if (hasBegun) return;
    hasBegun = true;
    remember(log, () => store.decide(pipeline, slot.decidedMs, missed));
  };
  try {
    await options.run(due, begin);
  } catch (error) {
    log.error('pipeline.failed', { pipeline, message: messageOf(error) });
  }
  if (!signal.aborted) begin();
  // The ticks that were skipped meanwhile are decided too.
  if (hasBegun) remember(log, () => store.decide(pipeline, slot.decidedMs, 0));
  slot.phase = 'idle';
}

/** A full disk keeps the schedule's place from being remembered, not its pipelines from running. */
function remember(log: Log, write: () => void): void {
  try {
    write();
  } catch (error) {
    log.error('schedule.not_remembered', { message: messageOf(error) });
  }
}

async function sleepUntilNext(
  clock: Clock,
  signal: AbortSignal,
  slots: ReadonlyMap<string, Slot>,
): Promise<void> {
  const nowMs = clock.now();
  const waits = [...slots.values()].map(({ nextMs }) => (nextMs ?? Infinity) - nowMs);
  try {
    await clock.sleep(Math.max(1, Math.min(wakeMsMax, ...waits)), signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
