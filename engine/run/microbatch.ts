import type { Batches, Span } from '../steps/batch-spans.ts';
import { TerminalError } from '../words/errors.ts';
import type { NodeConfig } from '../words/node.ts';

const sizes = ['hour', 'day', 'month', 'year'] as const;
type BatchSize = (typeof sizes)[number];

const lookbackDefault = 1;
/** Of one build: 22 years of hours. */
const batchesMax = 200_000;

/** When a build takes place, and what the node's state says of the last one. */
export interface BatchMoment {
  readonly boundaryMs: number;
  /** Absent: the table is built from its beginning. */
  readonly builtAtMs: number | undefined;
  /** Batches that the last build did not bring about. */
  readonly left?: readonly Span[];
  /** True: what is left is all that is asked for. */
  readonly onlyLeft?: boolean;
}

/**
 * The batches a build must make: from its beginning, or since the last build and `lookback` batches
 * before now, whichever reaches farther back, so that a pause leaves no hole; and those that failed
 * before. Undefined where the node is no microbatch.
 */
export function findBatches(config: NodeConfig, at: BatchMoment): Batches | undefined {
  const { incrementalStrategy, materialization, raw } = config;
  if (materialization !== 'incremental' || incrementalStrategy !== 'microbatch') return undefined;
  const column = String(raw['event_time']);
  const left = at.left ?? [];
  if (at.onlyLeft) return { column, spans: left, left: [], isPart: false };
  const size = sizes.find((one) => one === raw['batch_size']) ?? 'day';
  const lookback = typeof raw['lookback'] === 'number' ? raw['lookback'] : lookbackDefault;
  const beginMs = truncate(Date.parse(String(raw['begin'])), size);
  const current = truncate(at.boundaryMs, size);
  const fromMs =
    at.builtAtMs === undefined
      ? beginMs
      : Math.max(beginMs, Math.min(shift(current, size, -lookback), truncate(at.builtAtMs, size)));
  const spans = cutSpans(fromMs, shift(current, size, 1), size);
  const from = spans[0]?.from ?? '';
  const older = left.filter((span) => span.to <= from);
  return { column, spans: [...older, ...spans], left: [], isPart: false };
}

function cutSpans(fromMs: number, toMs: number, size: BatchSize): Span[] {
  const spans: Span[] = [];
  for (let atMs = fromMs; atMs < toMs; ) {
    const nextMs = shift(atMs, size, 1);
    spans.push({ from: new Date(atMs).toISOString(), to: new Date(nextMs).toISOString() });
    atMs = nextMs;
    if (spans.length <= batchesMax) continue;
    throw new TerminalError(`a microbatch of more than ${batchesMax} batches of one ${size} each`, {
      code: 'too-many-batches',
      hint: 'set a later begin, or a longer batch_size',
    });
  }
  return spans;
}

function truncate(timeMs: number, size: BatchSize): number {
  const date = new Date(timeMs);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  switch (size) {
    case 'hour':
      return Math.floor(timeMs / 3_600_000) * 3_600_000;
    case 'day':
      return Math.floor(timeMs / 86_400_000) * 86_400_000;
    case 'month':
      return Date.UTC(year, month);
    case 'year':
      return Date.UTC(year, 0);
  }
}

function shift(startMs: number, size: BatchSize, count: number): number {
  const date = new Date(startMs);
  switch (size) {
    case 'hour':
      return startMs + count * 3_600_000;
    case 'day':
      return startMs + count * 86_400_000;
    case 'month':
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + count);
    case 'year':
      return Date.UTC(date.getUTCFullYear() + count, 0);
  }
}
