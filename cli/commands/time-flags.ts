import { type Command, InvalidArgumentError } from 'commander';
import { batchSizes, parseMoment, type Span, shiftBatch } from '../../engine/words/batch-time.ts';
import { TerminalError } from '../../engine/words/errors.ts';
import type { RunOptions } from '../work.ts';

export interface TimeFlags {
  readonly eventTimeStart?: string;
  readonly eventTimeEnd?: string;
  readonly sample?: string;
  readonly empty?: boolean;
}

/** Which rows of their inputs models see. */
export function timeFlags(command: Command): Command {
  return command
    .option('--event-time-start <time>', 'microbatches: from this batch, in UTC', readTime)
    .option('--event-time-end <time>', 'microbatches: up to this time, in UTC', readTime)
    .option('--sample <window>', "inputs with an event_time: '3 days', or {start: …, end: …}")
    .option('--empty', 'inputs without their rows');
}

function readTime(text: string): string {
  if (!Number.isNaN(parseMoment(text))) return text;
  throw new InvalidArgumentError('a time is needed, such as 2025-01-31 or "2025-01-31 07:00:00".');
}

/** `nowMs` is what a sample of the last days counts back from. */
export async function toTimes(
  flags: TimeFlags,
  nowMs: number,
): Promise<Pick<RunOptions, 'eventTime' | 'sample' | 'isEmpty'>> {
  const eventTime = readStretch(flags);
  const { sample, empty } = flags;
  return {
    ...(eventTime ? { eventTime } : {}),
    ...(sample === undefined ? {} : { sample: await readSample(sample, nowMs) }),
    ...(empty ? { isEmpty: true } : {}),
  };
}

function readStretch({ eventTimeStart: from, eventTimeEnd: to }: TimeFlags): Span | undefined {
  if (from === undefined && to === undefined) return undefined;
  if (from === undefined || to === undefined) {
    throw wrongTimes(
      `--event-time-${from === undefined ? 'end' : 'start'} is given, and not the other`,
      'give both --event-time-start and --event-time-end',
    );
  }
  return toSpan(parseMoment(from), parseMoment(to), '--event-time-start');
}

async function readSample(text: string, nowMs: number): Promise<Span> {
  const [, count, word] = /^(\d+)\s+([a-z]+?)s?$/i.exec(text.trim()) ?? [];
  const size = batchSizes.find((one) => one === word?.toLowerCase());
  if (size) return toSpan(shiftBack(nowMs, Number(count), size), nowMs, '--sample');
  const { parseVars } = await import('../../engine/declare/project/dbt-project.ts');
  const hint = `write '3 days' (${batchSizes.join('s, ')}s), or '{start: 2025-01-01, end: 2025-02-01}'`;
  const given = text.trimStart().startsWith('{') ? parseVars(text) : {};
  const [from, to] = [parseMoment(given['start']), parseMoment(given['end'])];
  if (Number.isNaN(from) || Number.isNaN(to)) {
    throw wrongTimes(`--sample "${text}" is no stretch of time`, hint);
  }
  return toSpan(from, to, '--sample');
}

/** The same day and hour so many months or years ago, or that month's last day. */
function shiftBack(nowMs: number, count: number, size: (typeof batchSizes)[number]): number {
  if (size === 'hour' || size === 'day') return shiftBatch(nowMs, size, -count);
  const now = new Date(nowMs);
  const months = size === 'year' ? count * 12 : count;
  const first = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months);
  const last = new Date(shiftBatch(first, 'month', 1) - 1).getUTCDate();
  const date = Math.min(now.getUTCDate(), last);
  const dayMs = 86_400_000;
  return first + (date - 1) * dayMs + (nowMs % dayMs);
}

function toSpan(fromMs: number, toMs: number, flag: string): Span {
  if (fromMs < toMs) {
    return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
  }
  throw wrongTimes(`${flag}: the stretch of time ends before it starts`, 'swap the two times');
}

function wrongTimes(message: string, hint: string): TerminalError {
  return new TerminalError(message, { code: 'wrong-times', hint });
}
