import { type RawBuilder, sql } from 'kysely';
import type { IdentityConfig } from '../words/identity.ts';
import type { Relation } from '../words/table.ts';
import type { Dialect } from '../words/warehouse.ts';
import { beforeTable, clustersTable } from './identity-clusters.ts';
import { columnList, tableOf } from './relation-statements.ts';

/** Ids that are given for the first time: (cluster, born_from, canonical_id). */
export const bornTable = sql.id('tidemill_born');
/** The id of every cluster in scope that has one already: (cluster, canonical_id). */
export const namedTable = sql.id('tidemill_named');
/** Rows of the identity in scope, as they are now. */
export const afterTable = sql.id('tidemill_after');

const idDigits = 16;

/**
 * When a founder is gone from the records, its ids go to the eldest record left of its cluster, so
 * that they resolve, and the cluster keeps its id.
 */
export function passIdsOn(ids: Relation, records: Relation, canonicalId: string) {
  const id = sql.id(canonicalId);
  return sql`
    update ${tableOf(ids)}
    set founder = heirs.heir
    from (
      select gone.record as founder, by_age.record as heir
      from (
        select record, ${id} as canonical_id
        from ${beforeTable}
        where record not in (select record from ${tableOf(records)})
      ) as gone
      inner join (
        select
          left_over.${id} as canonical_id,
          records.record,
          row_number() over (
            partition by left_over.${id}
            order by records.created_at nulls last, records.record
          ) as age
        from ${beforeTable} as left_over
        inner join ${tableOf(records)} as records on records.record = left_over.record
      ) as by_age on by_age.canonical_id = gone.canonical_id and by_age.age = 1
    ) as heirs
    where ${sql.id(ids.name)}.founder = heirs.founder`;
}

/** An id goes where its founder goes; where several meet, the eldest founder's is the one. */
export function createNamed(ids: Relation, records: Relation): RawBuilder<unknown> {
  return sql`
    create temporary table ${namedTable} as
    select cluster, canonical_id
    from (
      select
        clusters.cluster,
        ids.canonical_id,
        row_number() over (
          partition by clusters.cluster
          order by
            records.created_at nulls last,
            records.record,
            case when ids.current_id = ids.canonical_id then 0 else 1 end,
            ids.canonical_id
        ) as age
      from ${tableOf(ids)} as ids
      inner join ${clustersTable} as clusters on clusters.record = ids.founder
      inner join ${tableOf(records)} as records on records.record = ids.founder
    ) as by_age
    where age = 1`;
}

/**
 * A cluster without an id is founded by its eldest record. The id is a digest of that record's
 * name: the same in every warehouse. Where an earlier id of this name was passed on, it is counted.
 */
export function createBorn(
  config: IdentityConfig,
  ids: Relation,
  records: Relation,
  dialect: Dialect,
): RawBuilder<unknown> {
  const prefix = config.idPrefix === undefined ? '' : `${config.idPrefix}_`;
  const text = sql.raw(dialect.typeName('string'));
  const name = sql`
      case when times is null then born_from else born_from || '/' || cast(times as ${text}) end`;
  return sql`
    create temporary table ${bornTable} as
    with founders as (
      select cluster, record as born_from
      from (
        select
          clusters.cluster,
          records.record,
          row_number() over (
            partition by clusters.cluster
            order by records.created_at nulls last, records.record
          ) as age
        from ${clustersTable} as clusters
        inner join ${tableOf(records)} as records on records.record = clusters.record
        where clusters.cluster not in (select cluster from ${namedTable})
      ) as by_age
      where age = 1
    ),

    earlier as (
      select born_from, count(*) as times
      from ${tableOf(ids)}
      where born_from in (select born_from from founders)
      group by born_from
    )

    select
      founders.cluster,
      founders.born_from,
      ${sql.lit(prefix)} || substr(${dialect.digest([name])}, 1, ${sql.lit(idDigits)}) as canonical_id
    from founders
    left join earlier using (born_from)`;
}

/** Two records whose digests begin alike, of 2^64: told rather than taken for one. */
export function countTaken(ids: Relation): RawBuilder<unknown> {
  return sql`
    select count(*) as rows
    from (
      select canonical_id from ${bornTable} group by canonical_id having count(*) > 1
      union all
      select canonical_id
      from ${tableOf(ids)}
      where canonical_id in (select canonical_id from ${bornTable})
    ) as taken`;
}

export function insertIds(ids: Relation, at: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    insert into ${tableOf(ids)} (canonical_id, born_from, founder, current_id, first_seen_at)
    select canonical_id, born_from, born_from, canonical_id, ${at}
    from ${bornTable}`;
}

/** The identity's rows in scope; of each system in a cluster one record speaks for it. */
export function createAfter(config: IdentityConfig, records: Relation): RawBuilder<unknown> {
  const order = config.primaryBy.map((_, index) => sql`records.${sql.id(`order_${index + 1}`)}`);
  return sql`
    create temporary table ${afterTable} as
    select
      given.canonical_id as ${sql.id(config.canonicalId)},
      records.system as ${sql.id(config.system)},
      records.record_id as ${sql.id(config.recordId)},
      row_number() over (
        partition by clusters.cluster, records.system
        order by ${sql.join([...order, sql`records.record`])}
      ) = 1 as is_primary,
      records.record,
      clusters.component
    from ${clustersTable} as clusters
    inner join ${tableOf(records)} as records on records.record = clusters.record
    inner join (
      select cluster, canonical_id from ${namedTable}
      union all
      select cluster, canonical_id from ${bornTable}
    ) as given on given.cluster = clusters.cluster`;
}

/** Ids in scope that more records bear than one thing has, and the most that one bears. */
export function countCrowded(canonicalId: string, recordsMax: number): RawBuilder<unknown> {
  const id = sql.id(canonicalId);
  return sql`
    select count(*) as ids, max(records) as records
    from (
      select count(*) as records
      from ${afterTable}
      group by ${id}
      having count(*) > ${sql.lit(recordsMax)}
    ) as crowded`;
}

/** Every id resolves to the id of the cluster its founder is in; to nothing once all are gone. */
export function resolveIds(ids: Relation, canonicalId: string): RawBuilder<unknown> {
  const name = sql.id(ids.name);
  return sql`
    update ${tableOf(ids)}
    set current_id = resolved.canonical_id
    from (
      select coalesce(now.record, before.record) as founder, now.${sql.id(canonicalId)} as canonical_id
      from ${beforeTable} as before
      full join ${afterTable} as now on now.record = before.record
    ) as resolved
    where ${name}.founder = resolved.founder
      and ${name}.current_id is distinct from resolved.canonical_id`;
}

/**
 * What became of ids: records that nobody had seen (`grew`), a whole id that went into an elder one
 * (`merged`), a part that became an id of its own (`split`) or went to another (`moved`), records
 * that are gone (`shrank`). What is founded is in the table of ids.
 */
export function insertEvents(
  events: Relation,
  canonicalId: string,
  at: RawBuilder<unknown>,
  runId: string,
): RawBuilder<unknown> {
  const id = sql.id(canonicalId);
  return sql`
    insert into ${tableOf(events)} (event, from_id, to_id, records, happened_at, run_id)
    select
      case
        when to_id is null then 'shrank'
        when from_id is null then 'grew'
        when to_id in (select canonical_id from ${bornTable}) then 'split'
        when from_id in (select ${id} from ${afterTable}) then 'moved'
        else 'merged'
      end,
      coalesce(from_id, to_id),
      coalesce(to_id, from_id),
      count(*),
      ${at},
      ${sql.lit(runId)}
    from (
      select before.${id} as from_id, now.${id} as to_id
      from ${beforeTable} as before
      full join ${afterTable} as now on now.record = before.record
    ) as changes
    where from_id is distinct from to_id
      and (from_id is not null or to_id not in (select canonical_id from ${bornTable}))
    group by from_id, to_id`;
}

const difference = (
  names: RawBuilder<unknown>,
  from: RawBuilder<unknown>,
  other: RawBuilder<unknown>,
) => sql`select ${names} from ${from} except select ${names} from ${other}`;

export function deleteBefore(identity: Relation, columns: readonly string[]): RawBuilder<unknown> {
  return sql`
    delete from ${tableOf(identity)}
    where record in (
      select record
      from (${difference(columnList(columns), beforeTable, afterTable)}) as went
    )`;
}

export function insertAfter(
  identity: Relation,
  columns: readonly string[],
  scope: 'all' | 'changed',
): RawBuilder<unknown> {
  const names = columnList(columns);
  const rows =
    scope === 'all'
      ? sql`${afterTable}`
      : sql`(${difference(names, afterTable, beforeTable)}) as came`;
  return sql`
    insert into ${tableOf(identity)} (${names})
    select ${names}
    from ${rows}`;
}
