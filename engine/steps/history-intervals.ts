import { type RawBuilder, sql } from 'kysely';
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

/** The columns every version has, under the names used here. */
export function versionColumns(shape: HistoryShape): RawBuilder<unknown> {
  return sql.join([
    columnList(shape.carried.map((column) => column.name)),
    valid,
    recorded,
    ...(shape.sequence === undefined ? [] : [sql.id('tidemill_sequence')]),
    closed,
    ...(shape.supersededBy ? [survivor] : []),
  ]);
}

/** The log with its parts renamed; `closed` is true where the record is gone or was merged away. */
export function selectVersions(
  shape: HistoryShape,
  log: RawBuilder<unknown>,
  condition: RawBuilder<unknown> = sql``,
): RawBuilder<unknown> {
  const { deleted, supersededBy, sequence } = shape;
  const isDeleted = deleted === undefined ? sql`false` : sql`coalesce(${sql.id(deleted)}, false)`;
  const isClosed = supersededBy
    ? sql`(${isDeleted} or ${sql.id(supersededBy.name)} is not null)`
    : isDeleted;
  return sql`
    select
      ${sql.join([
        columnList(shape.carried.map((column) => column.name)),
        sql`${sql.id(shape.validAt.name)} as ${valid}`,
        sql`${sql.id(shape.recordedAt.name)} as ${recorded}`,
        ...(sequence === undefined ? [] : [sql`${sql.id(sequence)} as tidemill_sequence`]),
        sql`${isClosed} as ${closed}`,
        ...(supersededBy ? [sql`${sql.id(supersededBy.name)} as ${survivor}`] : []),
      ])}
    from (
      ${log}
    ) as log
    ${condition}`;
}

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
  const same = (side: 'lag' | 'lead') => {
    const other = (name: string) => sql`${sql.raw(side)}(${sql.id(name)}) over tidemill_per_key`;
    const equal = shape.tracked.map(
      (name) => sql`${sql.id(name)} is not distinct from ${other(name)}`,
    );
    const content = equal.length === 0 ? sql`true` : sql.join(equal, sql` and `);
    return sql`
      coalesce(${other('tidemill_closed')} = ${closed} and (${closed} or (${content})), false)`;
  };
  return sql`
    select
      *,
      ${same('lag')} as tidemill_same_before,
      ${same('lead')} as tidemill_same_after,
      lead(${valid}) over tidemill_per_key as tidemill_next_valid,
      lead(${recorded}) over tidemill_per_key as tidemill_next_recorded,
      lead(${closed}) over tidemill_per_key as tidemill_next_closed${
        shape.supersededBy
          ? sql`,
      lead(${survivor}) over tidemill_per_key as tidemill_next_survivor`
          : sql``
      }
    from ${versions}
    window tidemill_per_key as (partition by ${columnList(partition)} order by ${valid})`;
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
  condition: RawBuilder<unknown> = sql``,
): RawBuilder<unknown> {
  const names = shape.carried.map((column) => column.name);
  const untracked = new Set(shape.untracked);
  const last = (name: string) =>
    sql`lead(${sql.id(name)}) over tidemill_per_run as ${sql.id(name)}`;
  const carried = sql.join(names.map((name) => (untracked.has(name) ? last(name) : sql.id(name))));
  const extra = partition.filter((name) => !names.includes(name));
  const ends = [
    'tidemill_next_valid',
    'tidemill_next_recorded',
    'tidemill_next_closed',
    ...(shape.supersededBy ? ['tidemill_next_survivor'] : []),
  ];
  const head = columnList([...extra, 'tidemill_valid', 'tidemill_recorded']);
  return sql`
    select ${columnList(names)}, ${head}, ${columnList(ends)}
    from ${neighbours}
    where not ${closed} and not tidemill_same_before and not tidemill_same_after
      ${condition}
    union all
    select ${columnList(names)}, ${head}, ${columnList(ends)}
    from (
      select ${carried}, ${head}, ${sql.join(ends.map(last))}, tidemill_same_after
      from ${neighbours}
      where not ${closed} and tidemill_same_before <> tidemill_same_after
        ${condition}
      window tidemill_per_run as (partition by ${columnList(partition)} order by ${valid})
    ) as runs
    where tidemill_same_after`;
}
