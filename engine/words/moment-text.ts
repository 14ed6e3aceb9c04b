/** The day a text begins with, such as 2026-01-31; undefined where there is no such day. */
export function readDay(text: string): string | undefined {
  const day = /^(\d{4}-\d{2}-\d{2})(?:$|[T ])/.exec(text.trim())?.[1];
  return day !== undefined && isDay(day) ? day : undefined;
}

/**
 * ISO 8601 in UTC, of ISO with a zone, or without one and then UTC, as warehouses print it.
 * Undefined where the text is no time.
 */
export function readInstant(text: string): string | undefined {
  const match =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|[+-]\d{2}(?::?\d{2})?)?)?$/.exec(
      text.trim(),
    );
  if (match === null || !isDay(match[1] ?? '')) return undefined;
  const zone = (match[3] ?? 'Z').replace(/^([+-]\d{2})$/, '$1:00');
  const time = (match[2] ?? '00:00:00').replace(/(\.\d{3})\d+$/, '$1');
  const atMs = Date.parse(`${match[1]}T${time}${zone}`);
  return Number.isNaN(atMs) ? undefined : new Date(atMs).toISOString();
}

function isDay(day: string): boolean {
  const atMs = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(day);
}
