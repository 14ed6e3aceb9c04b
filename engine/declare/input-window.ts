import {
  batchId,
  batchSizeOf,
  parseMoment,
  type Span,
  shiftBatch,
  startOfBatch,
} from '../words/batch-time.ts';
import type { NodeConfig } from '../words/node.ts';
import { quoteIdentifier } from '../words/sql-name.ts';
import type { Config } from './config.ts';
import { dateValue, utcOffset } from './date-value.ts';
import { PyDict } from './jinja/values.ts';

/** Which rows of its inputs a node is to see, where those say what their time is. */
export interface InputWindow {
  /** The batch that a microbatch makes. */
  readonly batch?: Span;
  /** What `--sample` asks for. */
  readonly sample?: Span;
  /** `--empty`: the columns, and no rows. */
  readonly isEmpty?: boolean;
}

export function isMicrobatch({ materialization, incrementalStrategy }: NodeConfig): boolean {
  return materialization === 'incremental' && incrementalStrategy === 'microbatch';
}

/** The condition on an input's rows; undefined: all of them are seen. */
export function conditionOf(window: InputWindow, input: Config): string | undefined {
  const { batch, sample, isEmpty } = window;
  if (isEmpty) return 'false';
  const span = batch && sample ? overlap(batch, sample) : (batch ?? sample);
  const column = input['event_time'];
  if (span === undefined || typeof column !== 'string' || column === '') return undefined;
  const time = timeColumn(column);
  return `${time} >= ${timeLiteral(span.from)} and ${time} < ${timeLiteral(span.to)}`;
}

function overlap(left: Span, right: Span): Span {
  return {
    from: left.from > right.from ? left.from : right.from,
    to: left.to < right.to ? left.to : right.to,
  };
}

/** A name is quoted, so that any will do; an expression stands as it is written. */
export function timeColumn(column: string): string {
  return /["(:.]/.test(column) ? column : quoteIdentifier(column);
}

export function timeLiteral(iso: string): string {
  return `timestamp '${iso.replace('T', ' ').replace('Z', '')}'`;
}

/** `model.batch` in templates, as dbt has it. */
export function batchValue(batch: Span, config: Config): PyDict {
  const moment = (iso: string) => dateValue(Date.parse(iso), { isDate: false, zone: utcOffset });
  return PyDict.from([
    ['id', batchId(batch, batchSizeOf(config))],
    ['event_time_start', moment(batch.from)],
    ['event_time_end', moment(batch.to)],
  ]);
}

/** The first batch of a microbatch: for texts that must not depend on when they are rendered. */
function firstBatch({ raw }: NodeConfig): Span | undefined {
  const beginMs = parseMoment(raw['begin']);
  if (Number.isNaN(beginMs)) return undefined;
  const size = batchSizeOf(raw);
  const fromMs = startOfBatch(beginMs, size);
  const iso = (timeMs: number): string => new Date(timeMs).toISOString();
  return { from: iso(fromMs), to: iso(shiftBatch(fromMs, size, 1)) };
}

/** For binding and fingerprints: a microbatch as its first batch, all else whole. */
export function stillWindow(config: NodeConfig): { readonly window?: InputWindow } {
  const batch = isMicrobatch(config) ? firstBatch(config) : undefined;
  return batch ? { window: { batch } } : {};
}
