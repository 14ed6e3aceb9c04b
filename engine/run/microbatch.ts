import type { NodeConfig } from '../words/node.ts';

const sizes = ['hour', 'day', 'month', 'year'] as const;
type BatchSize = (typeof sizes)[number];

/** The slice of time a build replaces: `from <= column < to`, ISO 8601. */
export interface BatchWindow {
  readonly column: string;
  readonly from: string;
  readonly to: string;
}

const lookbackDefault = 1;

/**
 * The batches a build must make: from its beginning, or since the last build and `lookback` batches
 * before now, whichever reaches farther back, so that a pause leaves no hole. They are replaced
 * together. Undefined where the node is no microbatch.
 */
export function findBatchWindow(
  config: NodeConfig,
  at: { readonly boundaryMs: number; readonly builtAtMs: number | undefined },
): BatchWindow | undefined {
  const { incrementalStrategy, materialization, raw } = config;
  if (materialization !== 'incremental' || incrementalStrategy !== 'microbatch') return undefined;
  const size = sizes.find((one) => one === raw['batch_size']) ?? 'day';
  const lookback = typeof raw['lookback'] === 'number' ? raw['lookback'] : lookbackDefault;
  const beginMs = truncate(Date.parse(String(raw['begin'])), size);
  const current = truncate(at.boundaryMs, size);
  const fromMs =
    at.builtAtMs === undefined
      ? beginMs
      : Math.max(beginMs, Math.min(shift(current, size, -lookback), truncate(at.builtAtMs, size)));
  return {
    column: String(raw['event_time']),
    from: new Date(fromMs).toISOString(),
    to: new Date(shift(current, size, 1)).toISOString(),
  };
}

/** The select's rows of the window. */
export function narrowToWindow(sql: string, window: BatchWindow): string {
  const time = (iso: string): string => `timestamp '${iso.replace('T', ' ').replace('Z', '')}'`;
  const column = `"${window.column.replaceAll('"', '""')}"`;
  return [
    'select * from (',
    sql.replace(/[\s;]+$/, ''),
    `) as microbatch where ${column} >= ${time(window.from)} and ${column} < ${time(window.to)}`,
  ].join('\n');
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
