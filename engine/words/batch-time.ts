/** How long a batch of a `microbatch` is; batches begin where the calendar does, in UTC. */
export const batchSizes = ['hour', 'day', 'month', 'year'] as const;
export type BatchSize = (typeof batchSizes)[number];

/** A stretch of time: `from <= time < to`, ISO 8601 in UTC. */
export interface Span {
  readonly from: string;
  readonly to: string;
}

/** The beginning of the batch that the moment is in. */
export function startOfBatch(timeMs: number, size: BatchSize): number {
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

/** Another batch's beginning, so many batches later. */
export function shiftBatch(startMs: number, size: BatchSize, count: number): number {
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

/** As dbt names a batch: `2025`, `202501`, `20250131`, `20250131T07`. */
export function batchId({ from }: Span, size: BatchSize): string {
  const lengths = { year: 4, month: 7, day: 10, hour: 13 } as const;
  return from.slice(0, lengths[size]).replaceAll('-', '');
}

/** The size that a config names; dbt's own default where it names none. */
export function batchSizeOf(raw: Readonly<Record<string, unknown>>): BatchSize {
  return batchSizes.find((one) => one === raw['batch_size']) ?? 'day';
}

/**
 * A moment as people write it (`2025-01-31`, `2025-01-31 07:00:00`, with `T` and a zone as they
 * like), in milliseconds; without a zone it is UTC. NaN where it is none.
 */
export function parseMoment(value: unknown): number {
  if (value instanceof Date) return value.getTime();
  const text = String(value).trim();
  const isZoned = /(?:[zZ]|[+-]\d\d:?\d\d)$/.test(text.slice(10));
  return Date.parse(isZoned || text.length <= 10 ? text : `${text.replace(' ', 'T')}Z`);
}

const isoMoment =
  /^(\d{4}-\d\d-\d\d)(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[zZ]|[+-]\d\d:?\d\d)?)?$/;

/** A moment as ISO writes it, of a day that there is. */
export function isMoment(value: unknown): boolean {
  const day = typeof value === 'string' ? isoMoment.exec(value)?.[1] : undefined;
  const timeMs = Date.parse(day ?? '');
  if (day === undefined || Number.isNaN(timeMs) || Number.isNaN(parseMoment(value))) return false;
  return new Date(timeMs).toISOString().startsWith(day);
}
