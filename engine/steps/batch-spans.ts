/** A stretch of time: `from <= time < to`, ISO 8601 in UTC. */
export interface Span {
  readonly from: string;
  readonly to: string;
}

/** The batches that one build of a `microbatch` replaces, each of them a unit that may fail. */
export interface Batches {
  /** The column of time in the select's answer. */
  readonly column: string;
  /** In the order of time; they do not overlap. */
  readonly spans: readonly Span[];
  /** What stays to be made once these are: remembered, so that a retry makes exactly that. */
  readonly left: readonly Span[];
  /**
   * True where others of the build's batches are written apart: keys are then compared with all.
   */
  readonly isPart: boolean;
}

/** What became of each batch of a build. */
export interface BatchOutcome {
  readonly successful: readonly Span[];
  readonly failed: readonly Span[];
}

/** Neighbours as one, so that a statement has few conditions. */
export function joinSpans(spans: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    if (last && span.from <= last.to) {
      joined[joined.length - 1] = { from: last.from, to: span.to > last.to ? span.to : last.to };
    } else joined.push(span);
  }
  return joined;
}

/** The select's rows of the batches. */
export function narrowToSpans(sql: string, { column, spans }: Batches): string {
  const time = (iso: string): string => `timestamp '${iso.replace('T', ' ').replace('Z', '')}'`;
  const name = `"${column.replaceAll('"', '""')}"`;
  const conditions = joinSpans(spans).map(
    ({ from, to }) => `${name} >= ${time(from)} and ${name} < ${time(to)}`,
  );
  const where = conditions.length === 1 ? conditions : conditions.map((one) => `(${one})`);
  return [
    'select * from (',
    sql.replace(/[\s;]+$/, ''),
    `) as microbatch where ${where.join(' or ')}`,
  ].join('\n');
}

/** What a node's watermark says of batches that were not made. */
export function readSpansLeft(watermark: string | undefined): readonly Span[] {
  if (watermark === undefined || !watermark.startsWith('{"left":')) return [];
  const { left } = JSON.parse(watermark) as { left: [string, string][] };
  return left.map(([from, to]) => ({ from, to }));
}

/** Undefined where nothing is left. */
export function writeSpansLeft(spans: readonly Span[]): string | undefined {
  if (spans.length === 0) return undefined;
  return JSON.stringify({ left: spans.map(({ from, to }) => [from, to]) });
}
