import { sql } from 'kysely';
import type { Relation } from '../words/table.ts';
import type { Session } from '../words/warehouse.ts';
import { batchesTable, named } from './land-tables.ts';
import { selectOf } from './relation-statements.ts';

export type FreshnessStatus = 'pass' | 'warn' | 'error';

/** How old a source may be before it is told, in milliseconds. */
export interface FreshnessLimits {
  readonly warnAfterMs?: number;
  readonly errorAfterMs?: number;
}

export interface Freshness {
  readonly status: FreshnessStatus;
  /** ISO 8601; absent where the table holds nothing. */
  readonly loadedAt?: string;
  readonly ageMs?: number;
}

/** Where the time of the newest row is found. */
export type LoadedAt =
  | {
      readonly kind: 'column';
      readonly relation: Relation;
      /** SQL that stands in place of the relation: one of files. */
      readonly external?: string;
      readonly expression: string;
      readonly filter?: string;
    }
  /** A select of one row and one column. */
  | { readonly kind: 'query'; readonly query: string }
  | { readonly kind: 'stream'; readonly connection: string; readonly stream: string };

/** When a source last gained rows. A table without any counts as older than every limit. */
export async function measureFreshness(
  session: Session,
  loadedAt: LoadedAt,
  limits: FreshnessLimits,
  nowMs: number,
): Promise<Freshness> {
  const [row] = await session.query<{ loaded_at: string | null }>(newestOf(loadedAt));
  const text = row?.loaded_at;
  if (text === null || text === undefined) {
    const { errorAfterMs, warnAfterMs } = limits;
    if (errorAfterMs !== undefined) return { status: 'error' };
    return { status: warnAfterMs === undefined ? 'pass' : 'warn' };
  }
  const ageMs = nowMs - Date.parse(text);
  return { status: judge(ageMs, limits), loadedAt: text, ageMs };
}

function judge(ageMs: number, limits: FreshnessLimits): FreshnessStatus {
  const { errorAfterMs = Infinity, warnAfterMs = Infinity } = limits;
  if (ageMs > errorAfterMs) return 'error';
  return ageMs > warnAfterMs ? 'warn' : 'pass';
}

function newestOf(loadedAt: LoadedAt) {
  if (loadedAt.kind === 'stream') {
    const { connection, stream } = loadedAt;
    return sql`
      select max(observed_at) as loaded_at
      from ${named(batchesTable)}
      where connection = ${connection} and stream = ${stream}`;
  }
  if (loadedAt.kind === 'query') {
    return sql`
    select cast((${selectOf(loadedAt.query)}) as timestamp) as loaded_at`;
  }
  const { relation, external, expression, filter } = loadedAt;
  const from = external === undefined ? named(relation) : sql.raw(external);
  const where = filter === undefined ? sql`` : sql`where ${sql.raw(filter)}`;
  return sql`
    select cast(max(${selectOf(expression)}) as timestamp) as loaded_at
    from ${from} ${where}`;
}
