import { isMicrobatch } from '../declare/input-window.ts';
import type { Batches, Span } from '../steps/batch-spans.ts';
import {
  type BatchSize,
  batchSizeOf,
  parseMoment,
  shiftBatch,
  startOfBatch,
} from '../words/batch-time.ts';
import { TerminalError } from '../words/errors.ts';
import type { NodeConfig } from '../words/node.ts';

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
  /** A stretch that is asked for in place of what is due: each batch that it touches. */
  readonly window?: Span;
}

/**
 * The batches a build must make: from its beginning, or all that were due since the last build,
 * each with the `lookback` batches before it, so that a pause leaves no hole; and those that failed
 * before. Undefined where the node is no microbatch.
 */
export function findBatches(config: NodeConfig, at: BatchMoment): Batches | undefined {
  if (!isMicrobatch(config)) return undefined;
  const { raw } = config;
  const column = String(raw['event_time']);
  const left = at.left ?? [];
  const batches = { column, left: [], isPart: false };
  if (at.window) {
    const due = cutWindow(at.window, batchSizeOf(raw));
    const isMeant = isWithin(due);
    const spans = at.onlyLeft ? left.filter(isMeant) : due;
    return { ...batches, spans, left: left.filter((span) => !isMeant(span)) };
  }
  if (at.onlyLeft) return { ...batches, spans: left };
  const spans = cutDue(raw, at);
  const from = spans[0]?.from ?? '';
  const older = left.filter((span) => span.to <= from);
  return { ...batches, spans: [...older, ...spans] };
}

/** What is due by the clock; at least one batch, as in dbt. */
function cutDue(raw: NodeConfig['raw'], { boundaryMs, builtAtMs }: BatchMoment): Span[] {
  const size = batchSizeOf(raw);
  const lookback = typeof raw['lookback'] === 'number' ? raw['lookback'] : lookbackDefault;
  const beginMs = startOfBatch(parseMoment(raw['begin']), size);
  const current = startOfBatch(boundaryMs, size);
  const sinceMs =
    builtAtMs === undefined ? beginMs : sinceBuilt({ current, size, lookback }, builtAtMs);
  const fromMs = Math.max(beginMs, sinceMs);
  return cutSpans(fromMs, shiftBatch(Math.max(current, fromMs), size, 1), size);
}

/**
 * As if it had been built in each batch that has passed: those would have looked back as well. At
 * least the last one that was made: it was not over then.
 */
function sinceBuilt(
  now: { readonly current: number; readonly size: BatchSize; readonly lookback: number },
  builtAtMs: number,
): number {
  const { current, size, lookback } = now;
  const last = startOfBatch(builtAtMs, size);
  const first = Math.min(current, shiftBatch(last, size, 1));
  return Math.min(last, shiftBatch(first, size, -lookback));
}

function cutWindow({ from, to }: Span, size: BatchSize): Span[] {
  return cutSpans(startOfBatch(parseMoment(from), size), parseMoment(to), size);
}

/** Whether a batch is one of those, which follow each other. */
function isWithin(spans: readonly Span[]): (span: Span) => boolean {
  const [from = '', to = ''] = [spans[0]?.from, spans.at(-1)?.to];
  return (span) => span.from >= from && span.to <= to;
}

/** Stretches as the batches that they were made of. */
export function cutAgain({ raw }: NodeConfig, spans: readonly Span[]): Span[] {
  return spans.flatMap(({ from, to }) =>
    cutSpans(Date.parse(from), Date.parse(to), batchSizeOf(raw)),
  );
}

function cutSpans(fromMs: number, toMs: number, size: BatchSize): Span[] {
  const spans: Span[] = [];
  for (let atMs = fromMs; atMs < toMs; ) {
    const nextMs = shiftBatch(atMs, size, 1);
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
