import { type RawBuilder, sql } from 'kysely';
import type { BuildNode } from '../engine/words/node.ts';

/** Attributes of the log, as wide as a narrow CRM object. */
export const attributes = [
  'name',
  'stage',
  'amount',
  'owner',
  'city',
  'is_active',
  'close_date',
  'note',
] as const;

const versionsPerKey = 5;
const daySeconds = 86_400;

/**
 * One version a key and 20 days; one in a hundred was learned late, some end in a delete. Written
 * version by version, as a log grows, and from a table, which DuckDB scans with every processor.
 */
export function createLog(rows: number): readonly RawBuilder<unknown>[] {
  const keys = Math.ceil(rows / versionsPerKey);
  const version = (v: number) => selectVersions(sql`log_keys`, v);
  const later = Array.from({ length: versionsPerKey - 1 }, (_, index) => index + 1);
  return [
    sql`create table log_keys as select range as k from range(${sql.lit(keys)})`,
    sql`create table log as ${version(0)}`,
    ...later.map((v) => sql`insert into log ${version(v)}`),
    sql`drop table log_keys`,
  ];
}

/** Changes of one version a key, learned together; one in ten lies before the newest. */
export function insertChanges(rows: number, changed: number, batch: number): RawBuilder<unknown> {
  const keys = Math.ceil(rows / versionsPerKey);
  const every = Math.max(1, Math.floor(keys / changed));
  const from = sql`(
      select k * ${sql.lit(every)} + ${sql.lit(batch % every)} as k
      from range(${sql.lit(changed)}) as k (k)
    ) as k`;
  return sql`
    insert into log
    select * replace (
      case when hash(id) % 10 = 0
        then timestamp '2024-01-01' + ${sql.raw(`interval '70 days ${batch} hours'`)}
        else modified_at end as modified_at,
      ${sql.raw(`timestamp '${learnedAt(batch)}'`)} as observed_at
    )
    from (${selectVersions(from, versionsPerKey + batch)}) as changes`;
}

/** Behind everything in the log at first, each batch behind the one before. */
export function learnedAt(batch: number): string {
  return new Date(Date.UTC(2025, 5, 1 + batch)).toISOString().slice(0, 19).replace('T', ' ');
}

function selectVersions(from: RawBuilder<unknown>, version: number): RawBuilder<unknown> {
  const v = sql.lit(version);
  return sql`
    select
      'K' || lpad(cast(k as varchar), 12, '0') as id,
      timestamp '2024-01-01'
        + to_seconds(cast(${v} * 20 * ${sql.lit(daySeconds)} + hash(k, ${v}) % 80000 as bigint))
        as modified_at,
      timestamp '2024-01-01' + to_seconds(cast(
        case when hash(k, ${v}, 7) % 100 = 0 then ${v} + 2 else ${v} end
          * 20 * ${sql.lit(daySeconds)} + 90000
        as bigint)) as observed_at,
      ${v} = 4 and hash(k) % 50 = 0 as is_deleted_there,
      'name ' || hash(k, ${v} // 2) % 100000 as name,
      'stage ' || hash(k, ${v}) % 7 as stage,
      cast(hash(k, ${v}, 1) % 1000000 as decimal(18, 2)) / 100 as amount,
      hash(k, 2) % 1000 as owner,
      'city ' || hash(k, 3) % 3000 as city,
      hash(k, 4) % 2 = 0 as is_active,
      date '2020-01-01' + cast(hash(k, ${v}, 5) % 1000 as integer) as close_date,
      'note ' || hash(k, 6) as note
    from ${from}`;
}

export const historyNode: BuildNode = {
  id: 'model.bench.history',
  name: 'history',
  file: 'bench/history.sql',
  relation: { schema: 'mart', name: 'history' },
  config: {
    materialization: 'history',
    enabled: true,
    tags: [],
    preHooks: [],
    postHooks: [],
    raw: {},
    history: {
      uniqueKey: ['id'],
      validAt: 'modified_at',
      recordedAt: 'observed_at',
      deleted: 'is_deleted_there',
      changedBy: 'recorded',
    },
  },
  sql: 'select * from log',
  isIncremental: false,
  checks: [],
  fingerprint: 'bench',
};
