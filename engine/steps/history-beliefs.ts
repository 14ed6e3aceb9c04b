import { type RawBuilder, sql } from 'kysely';
import { selectIntervals, selectNeighbours } from './history-intervals.ts';
import { type HistoryShape, hasClosings } from './history-shape.ts';
import { columnList, keysEqual } from './relation-statements.ts';

const epochEnds = ['tidemill_epoch_start', 'tidemill_epoch_end'];

/**
 * What was believed of each late key, epoch by epoch. An epoch begins when a version is learned
 * that does not lie behind everything known before; within one, versions only follow each other.
 * The belief at an epoch's end is derived from all that was known by then. Of the versions that
 * each row was made of it holds only the places: what they say is fetched when all is sorted.
 */
export function createBeliefs(shape: HistoryShape, hasShared: boolean): RawBuilder<unknown> {
  const keys = columnList(shape.keys);
  const epochKey = [...shape.keys, 'tidemill_epoch'];
  const known = sql`epochs.tidemill_epoch_end is null
        or versions.tidemill_recorded < epochs.tidemill_epoch_end`;
  const last = shape.untracked.length > 0 ? ['tidemill_last_valid', 'tidemill_last_place'] : [];
  return sql`
    create temporary table ${shape.tables.beliefs} as
    with learned as (
      select ${keys}, tidemill_valid, tidemill_recorded, tidemill_closed${
        shape.supersededBy ? sql`, tidemill_survivor` : sql``
      }, tidemill_content, tidemill_place,
        tidemill_valid as tidemill_last_valid, tidemill_place as tidemill_last_place
      from ${shape.tables.lateVersions} as versions
    ),
    steps as (
      select ${keys}, tidemill_recorded, min(tidemill_valid) as tidemill_first_valid,
        max(max(tidemill_valid)) over (
          partition by ${keys} order by tidemill_recorded
          rows between unbounded preceding and 1 preceding
        ) as tidemill_valid_before
      from learned
      group by ${keys}, tidemill_recorded
    ),
    epochs as (
      select ${keys}, tidemill_recorded as tidemill_epoch_start,
        row_number() over tidemill_per_key as tidemill_epoch,
        lead(tidemill_recorded) over tidemill_per_key as tidemill_epoch_end
      from steps
      where tidemill_valid_before is null or tidemill_first_valid <= tidemill_valid_before
      window tidemill_per_key as (partition by ${keys} order by tidemill_recorded)
    ),
    known as (
      select versions.*, tidemill_epoch, tidemill_epoch_start, tidemill_epoch_end
      from learned as versions
      join epochs
        on ${keysEqual(shape.keys, sql.id('epochs'), sql.id('versions'))}
        and (${known})
    ),
    settled as (${selectSettled(shape, hasShared)}
    ),
    neighbours as (${selectNeighbours(shape, sql.id('settled'), epochKey)}
    ),
    intervals as (${selectIntervals(shape, sql.id('neighbours'), epochKey, {
      first: [...epochKey, ...epochEnds, 'tidemill_content', 'tidemill_place'],
      last,
    })}
    )
    select *
    from intervals`;
}

/**
 * One version for each instant of an epoch: the first by place. All closings of one gap name the
 * survivor that the newest of them names.
 */
function selectSettled(shape: HistoryShape, hasShared: boolean): RawBuilder<unknown> {
  if (!hasShared && !shape.supersededBy) {
    return sql`
      select * from known`;
  }
  const instant = columnList([...shape.keys, 'tidemill_epoch', 'tidemill_valid']);
  const numbered = sql`
      select *,
        row_number() over (partition by ${instant} order by tidemill_place) as tidemill_rank
      from known`;
  if (!shape.supersededBy) {
    return sql`
      select * from (${numbered}
      ) as numbered
      where tidemill_rank = 1`;
  }
  return selectSurvivors(shape, numbered);
}

function selectSurvivors(shape: HistoryShape, numbered: RawBuilder<unknown>): RawBuilder<unknown> {
  const epochKey = [...shape.keys, 'tidemill_epoch'];
  const parts = columnList(epochKey);
  const rest = columnList([
    ...epochKey,
    ...epochEnds,
    'tidemill_content',
    'tidemill_valid',
    'tidemill_recorded',
    'tidemill_closed',
    'tidemill_place',
    'tidemill_last_valid',
    'tidemill_last_place',
  ]);
  const nullsLast = sql`case when tidemill_survivor is null then 1 else 0 end`;
  return sql`
      select ${rest},
        case when tidemill_closed then first_value(tidemill_survivor) over (
          partition by ${parts}, tidemill_gap order by ${nullsLast}, tidemill_valid desc
        ) end as tidemill_survivor
      from (
        select ${rest}, tidemill_named as tidemill_survivor,
          sum(case when tidemill_closed then 0 else 1 end) over (
            partition by ${parts} order by tidemill_valid
            rows between unbounded preceding and current row
          ) as tidemill_gap
        from (
          select ${rest}, tidemill_rank,
            case when tidemill_closed then first_value(tidemill_survivor) over (
              partition by ${parts}, tidemill_valid order by ${nullsLast}, tidemill_place
            ) end as tidemill_named
          from (${numbered}
          ) as numbered
        ) as instants
        where tidemill_rank = 1
      ) as gaps`;
}

/**
 * The beliefs of the late keys, each once. A row goes on from one epoch to the next while it begins
 * at the same time and says the same; an open end that becomes known is filled in. Any other
 * difference ends the belief (`recorded_to`) and begins another.
 */
export function insertBeliefs(
  shape: HistoryShape,
  target: RawBuilder<unknown>,
  columns: readonly string[],
): RawBuilder<unknown> {
  const chain = columnList([...shape.keys, 'tidemill_valid']);
  const version = [...shape.keys, 'tidemill_valid', 'tidemill_place'];
  const untracked = new Set(shape.untracked);
  const lag = (name: string) => sql`lag(${sql.id(name)}) over tidemill_per_start`;
  return sql`
    insert into ${target} (${columnList(columns)})
    with placed as (
      select
        *,
        case when tidemill_recorded > tidemill_epoch_start
          then tidemill_recorded else tidemill_epoch_start end as tidemill_appeared_at,
        case when tidemill_next_recorded > tidemill_epoch_start
          then tidemill_next_recorded
          when tidemill_next_valid is not null then tidemill_epoch_start end as tidemill_ended_at,
        case when ${lag('tidemill_epoch')} = tidemill_epoch - 1
          and (${lag('tidemill_next_valid')} is null
            or (${lag('tidemill_next_valid')} = tidemill_next_valid
              and ${lag('tidemill_next_closed')} = tidemill_next_closed))
          and ${lag('tidemill_content')} = tidemill_content
          then 0 else 1 end as tidemill_is_new
      from ${shape.tables.beliefs}
      window tidemill_per_start as (partition by ${chain} order by tidemill_epoch)
    ),
    chained as (
      select *, sum(tidemill_is_new) over (
        partition by ${chain} order by tidemill_epoch
        rows between unbounded preceding and current row
      ) as tidemill_chain
      from placed
    ),
    lasting as (
      select *,
        min(tidemill_appeared_at) over tidemill_whole_chain as tidemill_first_appeared_at,
        min(tidemill_ended_at) over tidemill_whole_chain as tidemill_first_ended_at,
        row_number() over (
          partition by ${chain}, tidemill_chain order by tidemill_epoch desc
        ) as tidemill_age
      from chained
      -- The order is that of the ages: one sort serves both.
      window tidemill_whole_chain as (
        partition by ${chain}, tidemill_chain order by tidemill_epoch desc
        rows between unbounded preceding and unbounded following
      )
    )
    select
      ${sql.join([
        ...shape.carried.map(({ name }) =>
          sql.id(untracked.has(name) ? 'last_version' : 'first_version', name),
        ),
        sql`lasting.tidemill_valid`,
        sql`lasting.tidemill_next_valid`,
        sql`tidemill_first_ended_at`,
        sql`tidemill_first_appeared_at`,
        sql`tidemill_epoch_end`,
        sql`lasting.tidemill_next_valid is null and tidemill_epoch_end is null`,
        ...(hasClosings(shape) ? [sql`coalesce(lasting.tidemill_next_closed, false)`] : []),
        ...(shape.supersededBy ? [sql`lasting.tidemill_next_survivor`] : []),
      ])}
    from lasting
    join ${shape.tables.lateVersions} as first_version
      on ${keysEqual(version, sql.id('first_version'), sql.id('lasting'))}${
        untracked.size > 0
          ? sql`
    join ${shape.tables.lateVersions} as last_version
      on ${keysEqual(shape.keys, sql.id('last_version'), sql.id('lasting'))}
      and last_version.tidemill_valid = lasting.tidemill_last_valid
      and last_version.tidemill_place = lasting.tidemill_last_place`
          : sql``
      }
    where tidemill_age = 1`;
}
