import { type RawBuilder, sql } from 'kysely';
import type { Column, Relation } from '../words/table.ts';
import type { HistoryShape } from './history-shape.ts';
import { keysTable } from './history-statements.ts';
import { columnList, keysEqual, tableOf } from './relation-statements.ts';

/** How far a log was read, kept with the node's state; `digests` are in a table of their own. */
export interface HistoryMark {
  readonly changedBy: 'recorded' | 'content';
  /** The newest `recordedAt` as the warehouse spells it; null for an empty log. */
  readonly recorded: string | null;
  /** How many rows the log had up to there: fewer or more later means that it was rewritten. */
  readonly rows: number;
}

export function readMark(watermark: string | undefined): HistoryMark | undefined {
  return watermark === undefined ? undefined : (JSON.parse(watermark) as HistoryMark);
}

/** The log's extent now, and how many of its rows lie at or below an earlier mark. */
export function measureLog(
  shape: HistoryShape,
  log: RawBuilder<unknown>,
  mark: HistoryMark | undefined,
  textType: string,
): RawBuilder<unknown> {
  const recorded = sql.id(shape.recordedAt.name);
  const standing =
    mark?.recorded == null
      ? sql`0`
      : sql`count(case when ${recorded} <= ${castMark(shape, mark.recorded)} then 1 end)`;
  return sql`
    select
      count(*) as rows,
      count(${recorded}) as placed,
      cast(max(${recorded}) as ${sql.raw(textType)}) as recorded,
      ${standing} as standing
    from (
      ${log}
    ) as log`;
}

function castMark(shape: HistoryShape, recorded: string): RawBuilder<unknown> {
  return sql`cast(${recorded} as ${sql.raw(shape.recordedAt.typeName)})`;
}

/** Keys with a row learned after the mark. */
export function createRecordedKeys(
  shape: HistoryShape,
  log: RawBuilder<unknown>,
  recorded: string | null,
): RawBuilder<unknown> {
  const after =
    recorded === null
      ? sql``
      : sql`
    where ${sql.id(shape.recordedAt.name)} > ${castMark(shape, recorded)}`;
  return sql`
    create temporary table ${keysTable} as
    select distinct ${columnList(shape.keys)}
    from (
      ${log}
    ) as log${after}`;
}

/** One digest a key, over all its rows in any order: equal exactly when the rows are. */
export function selectDigests(
  shape: HistoryShape,
  columns: readonly Column[],
  log: RawBuilder<unknown>,
  textType: string,
): RawBuilder<unknown> {
  const keys = columnList(shape.keys);
  const text = (name: string) => sql`cast(${sql.id(name)} as ${sql.raw(textType)})`;
  // Each value with its length before it: no two different rows then make the same text.
  const parts = columns
    .filter((column) => !shape.keys.includes(column.name))
    .map(
      ({ name }) => sql`
        coalesce(cast(length(${text(name)}) as ${sql.raw(textType)}) || ':' || ${text(name)}, '-')`,
    );
  return sql`
    select ${keys}, md5(string_agg(row_digest, ',' order by row_digest)) as tidemill_digest
    from (
      select ${keys}, md5(${sql.join(parts, sql` ||`)}
      ) as row_digest
      from (
        ${log}
      ) as log
    ) as digested
    group by ${keys}`;
}

export const digestsTable = sql.id('tidemill_digests');

export function createDigests(...parameters: Parameters<typeof selectDigests>) {
  return sql`
    create temporary table ${digestsTable} as
    ${selectDigests(...parameters)}`;
}

/** Keys whose rows differ from the last build's, those new or gone among them. */
export function createContentKeys(shape: HistoryShape, kept: Relation): RawBuilder<unknown> {
  const [firstKey = ''] = shape.keys;
  const either = shape.keys.map(
    (key) => sql`coalesce(${sql.id('fresh', key)}, ${sql.id('kept', key)}) as ${sql.id(key)}`,
  );
  return sql`
    create temporary table ${keysTable} as
    select ${sql.join(either)}
    from ${digestsTable} as fresh
    full join ${tableOf(kept)} as kept
      on ${keysEqual(shape.keys, sql.id('fresh'), sql.id('kept'))}
    where fresh.${sql.id(firstKey)} is null
      or kept.${sql.id(firstKey)} is null
      or fresh.tidemill_digest <> kept.tidemill_digest`;
}

/** The fresh digests of the changed keys, in place of those deleted. */
export function insertDigests(shape: HistoryShape, kept: Relation): RawBuilder<unknown> {
  const columns = columnList([...shape.keys, 'tidemill_digest']);
  return sql`
    insert into ${tableOf(kept)} (${columns})
    select ${columns}
    from ${digestsTable} as fresh
    where exists (
      select 1
      from ${keysTable} as keys
      where ${keysEqual(shape.keys, sql.id('keys'), sql.id('fresh'))}
    )`;
}

/** Where a history's digests are kept. */
export function digestsOf(relation: Relation): Relation {
  return { schema: 'tidemill', name: `digests__${relation.schema}__${relation.name}` };
}
