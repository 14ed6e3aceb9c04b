import { type RawBuilder, sql } from 'kysely';
import type { Column } from '../words/table.ts';
import type { Dialect } from '../words/warehouse.ts';
import type { HistoryShape } from './history-shape.ts';
import { columnList } from './relation-statements.ts';

/*
 * From versions to intervals. The log's columns keep their names; the parts bear one of these.
 * `partition` is the key, or the key and the epoch where several beliefs are derived at once.
 */
const valid = sql.id('tidemill_valid');
const recorded = sql.id('tidemill_recorded');
const closed = sql.id('tidemill_closed');
const survivor = sql.id('tidemill_survivor');
const content = sql.id('tidemill_content');

/** The log with its parts renamed; `closed` is true where the record is gone or was merged away. */
export function selectVersions(
  shape: HistoryShape,
  log: RawBuilder<unknown>,
  narrowed: RawBuilder<unknown> = sql``,
): RawBuilder<unknown> {
  const { deleted, supersededBy, sequence } = shape;
  const isDeleted = deleted === undefined ? sql`false` : sql`coalesce(${sql.id(deleted)}, false)`;
  const isClosed = supersededBy
    ? sql`(${isDeleted} or ${sql.id(supersededBy.name)} is not null)`
    : isDeleted;
  return sql`
    select
      ${sql.join([
        columnList(
          shape.carried.map((column) => column.name),
          'log',
        ),
        sql`${sql.id(shape.validAt.name)} as ${valid}`,
        sql`${sql.id(shape.recordedAt.name)} as ${recorded}`,
        ...(sequence === undefined ? [] : [sql`${sql.id(sequence.name)} as tidemill_sequence`]),
        sql`${isClosed} as ${closed}`,
        ...(supersededBy ? [sql`${sql.id(supersededBy.name)} as ${survivor}`] : []),
      ])}
    from (
      ${log}
    ) as log${narrowed}`;
}

/** The columns by which two versions of one key are told apart, under the names used here. */
export function versionFields(shape: HistoryShape, booleanType: string): Column[] {
  const { carried, validAt, recordedAt, sequence, supersededBy } = shape;
  return [
    ...carried.filter(({ name }) => !shape.keys.includes(name)),
    { ...validAt, name: 'tidemill_valid' },
    { ...recordedAt, name: 'tidemill_recorded' },
    ...(sequence === undefined ? [] : [{ ...sequence, name: 'tidemill_sequence' }]),
    { name: 'tidemill_closed', type: 'boolean', typeName: booleanType },
    ...(supersededBy ? [{ ...supersededBy, name: 'tidemill_survivor' }] : []),
  ];
}

/**
 * A number for what a version says: two versions of one key say the same where it is the same. A
 * window then carries one column where comparing them would carry each twice. A hash is quick, and
 * `countCollisions` finds where it takes two different versions for equal.
 */
export function hashContent(shape: HistoryShape, dialect: Dialect): RawBuilder<unknown> {
  const tracked = shape.tracked.map((name) => sql.id(name));
  const whole = dialect.rowHash([closed, ...tracked]);
  return sql`case when ${closed} then ${dialect.rowHash([closed])} else ${whole} end`;
}

/** The same, slow and never wrong. */
export function rankContent(shape: HistoryShape): RawBuilder<unknown> {
  const said = sql.join(saidColumns(shape));
  return sql`dense_rank() over (partition by ${columnList(shape.keys)} order by ${said})`;
}

/**
 * What a version says; of a closing one, only that it closes. Nested values are compared by their
 * text: a product may lack `case` for some of them (DuckDB 1.5 does for arrays).
 */
export function saidColumns(shape: HistoryShape): RawBuilder<unknown>[] {
  const nested = new Set(shape.carried.filter(({ type }) => type === 'json').map(nameOf));
  const said = shape.tracked.map((name) =>
    nested.has(name) ? sql`cast(${sql.id(name)} as varchar)` : sql.id(name),
  );
  return [closed, ...said.map((value) => sql`case when not ${closed} then ${value} end`)];
}

const nameOf = ({ name }: Column): string => name;

/**
 * Each version beside its neighbours on the source's clock: whether it says the same as the one
 * before and the one after, and when the one after came. Versions of one instant must have been
 * settled before, or be left out by `tidemill_late`.
 */
export function selectNeighbours(
  shape: HistoryShape,
  versions: RawBuilder<unknown>,
  partition: readonly string[],
): RawBuilder<unknown> {
  const survivors = shape.supersededBy
    ? sql`,
      lead(${survivor}) over tidemill_per_key as tidemill_next_survivor`
    : sql``;
  return sql`
    select
      *,
      coalesce(lag(${content}) over tidemill_per_key = ${content}, false) as tidemill_same_before,
      coalesce(lead(${content}) over tidemill_per_key = ${content}, false) as tidemill_same_after,
      lead(${valid}) over tidemill_per_key as tidemill_next_valid,
      lead(${recorded}) over tidemill_per_key as tidemill_next_recorded,
      lead(${closed}) over tidemill_per_key as tidemill_next_closed${survivors}
    from ${versions}
    window tidemill_per_key as (partition by ${columnList(partition)} order by ${valid})`;
}

/** Columns that a row takes from the first version of its run, and those from the last. */
export interface RunColumns {
  readonly first: readonly string[];
  readonly last: readonly string[];
}

/**
 * One row for each run of equal versions: half-open, ended by the next version that says something
 * else. A version alone carries its end itself; of a longer run only the first and the last version
 * are looked at again, so that mostly-changing logs are sorted once.
 */
export function selectIntervals(
  shape: HistoryShape,
  neighbours: RawBuilder<unknown>,
  partition: readonly string[],
  { first, last }: RunColumns,
): RawBuilder<unknown> {
  const ends = [
    ...last,
    'tidemill_next_valid',
    'tidemill_next_recorded',
    'tidemill_next_closed',
    ...(shape.supersededBy ? ['tidemill_next_survivor'] : []),
  ];
  const starts = columnList([...first, 'tidemill_valid', 'tidemill_recorded']);
  const ofLast = ends.map(
    (name) => sql`lead(${sql.id(name)}) over tidemill_per_run as ${sql.id(name)}`,
  );
  return sql`
    select ${starts}, ${columnList(ends)}
    from ${neighbours}
    where not ${closed} and not tidemill_same_before and not tidemill_same_after
    union all
    select ${starts}, ${columnList(ends)}
    from (
      select ${starts}, ${sql.join(ofLast)}, tidemill_same_after
      from ${neighbours}
      where not ${closed} and tidemill_same_before <> tidemill_same_after
      window tidemill_per_run as (partition by ${columnList(partition)} order by ${valid})
    ) as runs
    where tidemill_same_after`;
}
