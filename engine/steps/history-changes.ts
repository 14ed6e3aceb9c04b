import { type RawBuilder, sql } from 'kysely';
import { type Column, flattenRelation, type Relation } from '../words/table.ts';
import type { Dialect } from '../words/warehouse.ts';
import { selectVersions, versionFields } from './history-intervals.ts';
import type { HistoryShape } from './history-shape.ts';
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
    create temporary table ${shape.tables.keys} as
    select distinct ${columnList(shape.keys)}
    from (
      ${log}
    ) as log${after}`;
}

/** One digest a key, over all its versions in any order: equal exactly when the versions are. */
function selectDigests(
  shape: HistoryShape,
  versions: RawBuilder<unknown>,
  dialect: Dialect,
): RawBuilder<unknown> {
  const keys = columnList(shape.keys);
  const fields = versionFields(shape, dialect.typeName('boolean'));
  return sql`
    select
      ${keys},
      ${dialect.bagDigest(fields)} as tidemill_digest
    from ${versions}
    group by ${keys}`;
}

/** Of the log as it is now. */
export function createDigests(
  shape: HistoryShape,
  log: RawBuilder<unknown>,
  dialect: Dialect,
): RawBuilder<unknown> {
  const versions = sql`(${selectVersions(shape, log)}
    ) as versions`;
  return sql`
    create temporary table ${shape.tables.digests} as
    ${selectDigests(shape, versions, dialect)}`;
}

/** Where a history's digests are kept, in order. */
export function columnsOfDigests(shape: HistoryShape, textType: string): Column[] {
  const digest = { name: 'tidemill_digest', type: 'string', typeName: textType } as const;
  const keys = shape.carried.filter(({ name }) => shape.keys.includes(name));
  return [...keys, digest];
}

/** Of every key that was read. */
export function insertAllDigests(
  shape: HistoryShape,
  kept: Relation,
  versions: RawBuilder<unknown>,
  dialect: Dialect,
): RawBuilder<unknown> {
  return sql`
    insert into ${tableOf(kept)} (${columnList([...shape.keys, 'tidemill_digest'])})
    ${selectDigests(shape, versions, dialect)}`;
}

/** Keys whose rows differ from the last build's, those new or gone among them. */
export function createContentKeys(shape: HistoryShape, kept: Relation): RawBuilder<unknown> {
  const [firstKey = ''] = shape.keys;
  const either = shape.keys.map(
    (key) => sql`coalesce(${sql.id('fresh', key)}, ${sql.id('kept', key)}) as ${sql.id(key)}`,
  );
  return sql`
    create temporary table ${shape.tables.keys} as
    select ${sql.join(either)}
    from ${shape.tables.digests} as fresh
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
    from ${shape.tables.digests} as fresh
    where exists (
      select 1
      from ${shape.tables.keys} as keys
      where ${keysEqual(shape.keys, sql.id('keys'), sql.id('fresh'))}
    )`;
}

/** Where a history's digests are kept. */
export function digestsOf(relation: Relation): Relation {
  return { schema: 'tidemill', name: `digests__${flattenRelation(relation)}` };
}
