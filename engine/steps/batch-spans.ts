import { timeColumn, timeLiteral } from '../declare/input-window.ts';
import type { Span } from '../words/batch-time.ts';
import type { Relation } from '../words/table.ts';
import type { Session } from '../words/warehouse.ts';

export type { Span } from '../words/batch-time.ts';

/** The batches that one build of a `microbatch` replaces, each of them a unit that may fail. */
export interface Batches {
  /** The column of time in the select's answer. */
  readonly column: string;
  /** In the order of time; they do not overlap. */
  readonly spans: readonly Span[];
  /** What stays to be made once these are: remembered, so that a retry makes exactly that. */
  readonly left: readonly Span[];
  /** Made by the build that is retried: remembered until none is left. */
  readonly made?: readonly Span[];
  /**
   * The select as one batch sees its inputs: each is a statement of its own, since rows of two
   * batches must not meet in one. `standing` is where those before it are, `session` the
   * transaction that they are seen in. Absent: the node's select answers for any.
   */
  selectOf?(span: Span, standing?: Relation, session?: Session): Promise<string>;
  /**
   * The select as a stretch of neighbouring batches sees its inputs, where no rows of two batches
   * can meet in it; undefined where they can. Asked for where `selectOf` is there.
   */
  selectRange?(span: Span): Promise<string | undefined>;
  /** True: a batch reads what those before it left in the table. */
  readonly isChained?: boolean;
  /**
   * True where others of the build's batches are written apart: keys are then compared with all.
   */
  readonly isPart: boolean;
}

/** What became of each batch of a build. */
export interface BatchOutcome {
  readonly successful: readonly Span[];
  readonly failed: readonly Span[];
  /** Made before, by the build that is retried. */
  readonly earlier?: readonly Span[];
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
  const name = timeColumn(column);
  const conditions = joinSpans(spans).map(
    ({ from, to }) => `${name} >= ${timeLiteral(from)} and ${name} < ${timeLiteral(to)}`,
  );
  const where = conditions.length === 1 ? conditions : conditions.map((one) => `(${one})`);
  return [
    'select * from (',
    sql.replace(/[\s;]+$/, ''),
    `) as microbatch where ${where.join(' or ')}`,
  ].join('\n');
}

/** The select of one batch, narrowed to the rows that are its own. */
export async function selectBatch(
  batches: Batches,
  span: Span,
  standing?: Relation,
  session?: Session,
): Promise<string> {
  const select = (await batches.selectOf?.(span, standing, session)) ?? '';
  return narrowToSpans(select, { ...batches, spans: [span] });
}

/** What a node's watermark says of batches that were not made, and of those that were. */
export function readSpansLeft(watermark: string | undefined): readonly Span[] {
  return readSpans(watermark, 'left');
}

/** Neighbours as one. */
export function readSpansMade(watermark: string | undefined): readonly Span[] {
  return readSpans(watermark, 'made');
}

function readSpans(watermark: string | undefined, key: 'left' | 'made'): readonly Span[] {
  if (watermark === undefined || !watermark.startsWith('{"left":')) return [];
  const spans = (JSON.parse(watermark) as Partial<Record<typeof key, [string, string][]>>)[key];
  return (spans ?? []).map(([from, to]) => ({ from, to }));
}

/** Undefined where nothing is left. */
export function writeSpansLeft(
  left: readonly Span[],
  made: readonly Span[] = [],
): string | undefined {
  if (left.length === 0) return undefined;
  const pairs = (spans: readonly Span[]) => spans.map(({ from, to }) => [from, to]);
  const inOrder = made.toSorted((one, other) => (one.from < other.from ? -1 : 1));
  return JSON.stringify({ left: pairs(left), made: pairs(joinSpans(inOrder)) });
}
