import { type RawBuilder, sql } from 'kysely';
import {
  saidColumns,
  selectIntervals,
  selectNeighbours,
  selectVersions,
} from './history-intervals.ts';
import { type HistoryShape, hasClosings } from './history-shape.ts';
import { columnList, keysEqual } from './relation-statements.ts';

/** The versions of the keys to derive beside their neighbours: the log is read once, here. */
export function createVersions(
  shape: HistoryShape,
  log: RawBuilder<unknown>,
  scope: 'all' | 'changed',
  content: RawBuilder<unknown>,
): RawBuilder<unknown> {
  const narrowed =
    scope === 'all'
      ? sql``
      : sql`
      join ${shape.tables.keys} as keys
        on ${keysEqual(shape.keys, sql.id('keys'), sql.id('log'))}`;
  const versions = sql`(
      select *, ${content} as tidemill_content
      from (${selectVersions(shape, log, narrowed)}
      ) as versions
    ) as versions`;
  return sql`
    create temporary table ${shape.tables.versions} as
    ${selectNeighbours(shape, versions, shape.keys)}`;
}

/**
 * Keys whose versions were not learned in the order in which they became true, or where two are of
 * one instant, or where several closings follow each other and the survivor may be named by a later
 * one. Everything else is derived by `insertInOrder`. `tidemill_shares` is 1 where two versions
 * share an instant.
 */
export function createLate(shape: HistoryShape): RawBuilder<unknown> {
  const closings = shape.supersededBy
    ? sql`
      or (tidemill_closed and tidemill_next_closed)`
    : sql``;
  return sql`
    create temporary table ${shape.tables.late} as
    select
      ${columnList(shape.keys)},
      max(case when tidemill_next_valid = tidemill_valid then 1 else 0 end) as tidemill_shares
    from ${shape.tables.versions}
    where tidemill_next_valid = tidemill_valid
      or tidemill_next_recorded < tidemill_recorded${closings}
    group by ${columnList(shape.keys)}`;
}

/**
 * The versions of the late keys aside: several statements look at them, and they are few. Each
 * bears its place among those of its instant, the one that counts first: the last by sequence, then
 * by when it was learned, then, where the source leaves the order open, by the content itself, a
 * closing last. Where no two versions share an instant (`hasShared`) there is nothing to sort.
 */
export function createLateVersions(shape: HistoryShape, hasShared: boolean): RawBuilder<unknown> {
  const order = [
    ...(shape.sequence === undefined ? [] : ['tidemill_sequence']),
    'tidemill_recorded',
    'tidemill_closed',
    ...(shape.supersededBy ? ['tidemill_survivor'] : []),
    ...shape.tracked,
    ...shape.untracked,
  ];
  const newest = sql.join(order.map((name) => sql`${sql.id('versions', name)} desc nulls last`));
  const instant = columnList([...shape.keys, 'tidemill_valid'], 'versions');
  const place = hasShared
    ? sql`row_number() over (partition by ${instant} order by ${newest})`
    : sql`1`;
  return sql`
    create temporary table ${shape.tables.lateVersions} as
    select versions.*, ${place} as tidemill_place
    from ${shape.tables.versions} as versions
    join ${shape.tables.late} as late
      on ${keysEqual(shape.keys, sql.id('late'), sql.id('versions'))}`;
}

/** How many keys are late, and in how many of them versions share an instant. */
export function measureLate(shape: HistoryShape): RawBuilder<unknown> {
  return sql`select count(*) as rows, sum(tidemill_shares) as shared from ${shape.tables.late}`;
}

/**
 * Contents of one key that have one number, though they differ, where it could matter: in runs, if
 * there are any, and in late keys.
 */
export function countCollisions(shape: HistoryShape, hasRuns: boolean): RawBuilder<unknown> {
  const said = saidColumns(shape).map(
    (column, index) => sql`${column} as ${sql.id(`tidemill_said_${index}`)}`,
  );
  const number = [...shape.keys, 'tidemill_content'];
  const inRuns = sql`
        select ${columnList(number)}, ${sql.join(said)}
        from ${shape.tables.versions} as versions
        where tidemill_same_before or tidemill_same_after
        union`;
  return sql`
    select count(*) as rows
    from (
      select ${columnList(number)}
      from (${hasRuns ? inRuns : sql``}
        select distinct ${columnList(number, 'versions')}, ${sql.join(said)}
        from ${shape.tables.lateVersions} as versions
        join (
          select ${columnList(number)}
          from ${shape.tables.lateVersions} as late_versions
          group by ${columnList(number)}
          having count(*) > 1
        ) as repeated
          on ${keysEqual(number, sql.id('repeated'), sql.id('versions'))}
      ) as contents
      group by ${columnList(number)}
      having count(*) > 1
    ) as collisions`;
}

/**
 * How many versions there are, how many have no place, how many say what the one before said, and
 * the newest recorded time.
 */
export function measureVersions(shape: HistoryShape, textType: string): RawBuilder<unknown> {
  const nulls = [...shape.keys, 'tidemill_valid', 'tidemill_recorded'].map(
    (name) => sql`${sql.id(name)} is null`,
  );
  return sql`
    select
      count(*) as rows,
      count(case when ${sql.join(nulls, sql` or `)} then 1 end) as unplaced,
      count(case when tidemill_same_before then 1 end) as repeated,
      cast(max(tidemill_recorded) as ${sql.raw(textType)}) as recorded
    from ${shape.tables.versions}`;
}

/** Instants of one key at which the log says two different things in no known order. */
export function countTies(shape: HistoryShape): RawBuilder<unknown> {
  const place = [
    ...shape.keys,
    'tidemill_valid',
    ...(shape.sequence === undefined ? [] : ['tidemill_sequence']),
  ];
  const content = [
    ...shape.tracked,
    ...shape.untracked,
    'tidemill_closed',
    ...(shape.supersededBy ? ['tidemill_survivor'] : []),
  ];
  const instant = [...shape.keys, 'tidemill_valid'];
  return sql`
    select count(*) as rows
    from (
      select ${columnList(place)}
      from (
        select distinct ${columnList([...place, ...content], 'versions')}
        from ${shape.tables.lateVersions} as versions
        join (
          select distinct ${columnList(instant)}
          from ${shape.tables.lateVersions} as late_versions
          where tidemill_next_valid = tidemill_valid
        ) as shared
          on ${keysEqual(instant, sql.id('shared'), sql.id('versions'))}
      ) as contents
      group by ${columnList(place)}
      having count(*) > 1
    ) as ties`;
}

/**
 * Versions of the keys that are not late. A join, as `not exists` makes DuckDB set every column of
 * every version aside to find the distinct keys first.
 */
function versionsInOrder(shape: HistoryShape): RawBuilder<unknown> {
  const [firstKey = ''] = shape.keys;
  return sql`(
      select versions.*
      from ${shape.tables.versions} as versions
      left join ${shape.tables.late} as late
        on ${keysEqual(shape.keys, sql.id('late'), sql.id('versions'))}
      where late.${sql.id(firstKey)} is null
    ) as versions`;
}

/**
 * Keys learned in order: what was believed is what is true, so no belief was ever taken back.
 * Without runs (`hasRuns`) each version is a row, and one look at them is enough.
 */
export function insertInOrder(
  shape: HistoryShape,
  target: RawBuilder<unknown>,
  columns: readonly string[],
  hasRuns: boolean,
): RawBuilder<unknown> {
  const inOrder = versionsInOrder(shape);
  const intervals = hasRuns
    ? selectIntervals(shape, inOrder, shape.keys, {
        first: [...shape.keys, ...shape.tracked],
        last: shape.untracked,
      })
    : sql`
    select * from ${inOrder}
    where not tidemill_closed`;
  return sql`
    insert into ${target} (${columnList(columns)})
    select
      ${sql.join([
        columnList(shape.carried.map((column) => column.name)),
        sql`tidemill_valid`,
        sql`tidemill_next_valid`,
        sql`tidemill_next_recorded`,
        sql`tidemill_recorded`,
        sql`null`,
        sql`tidemill_next_valid is null`,
        ...(hasClosings(shape) ? [sql`coalesce(tidemill_next_closed, false)`] : []),
        ...(shape.supersededBy ? [sql`tidemill_next_survivor`] : []),
      ])}
    from (${intervals}
    ) as intervals`;
}
