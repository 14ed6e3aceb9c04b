/*
 * The reference: what a person would write by hand in DuckDB for exactly this log, without the
 * engine's checks, state and generality, with the same output columns and the same rows.
 */
const content = 'row(name, stage, amount, owner, city, is_active, close_date, note)';
const attributes = 'name, stage, amount, owner, city, is_active, close_date, note';

/** Delete and derive again every key with something learned after `since`. */
export function updateByHand(since: string): readonly string[] {
  return [
    `create temp table changed as
    select distinct id from log where observed_at > timestamp '${since}'`,
    'delete from by_hand where id in (select id from changed)',
    `insert into by_hand
    with versions as (
      select * from log where id in (select id from changed)
    ),
    steps as (
      select id, observed_at, min(modified_at) as first_valid,
        max(max(modified_at)) over (
          partition by id order by observed_at rows between unbounded preceding and 1 preceding
        ) as valid_before
      from versions
      group by id, observed_at
    ),
    epochs as (
      select id, observed_at as started_at,
        row_number() over (partition by id order by observed_at) as epoch,
        lead(observed_at) over (partition by id order by observed_at) as ended_at
      from steps
      where valid_before is null or first_valid <= valid_before
    ),
    known as (
      select versions.*, epoch, started_at, epochs.ended_at
      from versions
      join epochs on epochs.id = versions.id
        and (epochs.ended_at is null or observed_at < epochs.ended_at)
      qualify row_number() over (
        partition by versions.id, epoch, modified_at order by observed_at desc, ${content} desc
      ) = 1
    ),
    changes as (
      select *
      from known
      qualify (is_deleted_there, case when not is_deleted_there then ${content} end)
        is distinct from lag((is_deleted_there, case when not is_deleted_there then ${content} end))
          over (partition by id, epoch order by modified_at)
    ),
    intervals as (
      select *,
        lead(modified_at) over per_key as valid_to,
        lead(observed_at) over per_key as next_observed_at,
        coalesce(lead(is_deleted_there) over per_key, false) as is_deleted
      from changes
      window per_key as (partition by id, epoch order by modified_at)
    ),
    placed as (
      select *,
        greatest(observed_at, started_at) as appeared_at,
        case when valid_to is not null then greatest(next_observed_at, started_at) end as closed_at,
        coalesce(lag(epoch) over per_start = epoch - 1
          and lag(${content}) over per_start is not distinct from ${content}
          and (lag(valid_to) over per_start is null
            or (lag(valid_to) over per_start = valid_to
              and lag(is_deleted) over per_start = is_deleted)), false) as goes_on
      from intervals
      where not is_deleted_there
      window per_start as (partition by id, modified_at order by epoch)
    ),
    chained as (
      select *, count(*) filter (not goes_on) over (
        partition by id, modified_at order by epoch
        rows between unbounded preceding and current row
      ) as chain
      from placed
    )
    select id, ${attributes}, modified_at, valid_to,
      min(closed_at) over per_chain, min(appeared_at) over per_chain, ended_at,
      valid_to is null and ended_at is null, is_deleted
    from chained
    window per_chain as (partition by id, modified_at, chain)
    qualify row_number() over (partition by id, modified_at, chain order by epoch desc) = 1`,
    'drop table changed',
  ];
}

/**
 * One pass that finds changes and one that ends rows; late versions are taken for punctual ones.
 */
export const buildByHand = `
  create table plain as
  with changes as (
    select *
    from log
    window per_key as (partition by id order by modified_at)
    qualify lag(id) over per_key is null
      or lag(is_deleted_there) over per_key <> is_deleted_there
      or (not is_deleted_there and (
        ${attributes
          .split(', ')
          .map((name) => `lag(${name}) over per_key is distinct from ${name}`)
          .join('\n        or ')}))
  )
  select id, ${attributes}, modified_at as valid_from, valid_to, valid_to_recorded_at,
    observed_at as recorded_from, cast(null as timestamp) as recorded_to,
    valid_to is null as is_current, is_deleted
  from (
    select *,
      lead(modified_at) over per_key as valid_to,
      lead(observed_at) over per_key as valid_to_recorded_at,
      coalesce(lead(is_deleted_there) over per_key, false) as is_deleted
    from changes
    window per_key as (partition by id order by modified_at)
  ) as ended
  where not is_deleted_there`;
