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

export const versionsPerKey = 5;
const daySeconds = 86_400;

/** One version a key and 20 days; one in a hundred was learned late, some end in a delete. */
export function createLog(rows: number): RawBuilder<unknown> {
  const keys = Math.ceil(rows / versionsPerKey);
  return sql`
    create table log as
    ${selectVersions(sql`range(${sql.lit(keys)}) as k (k), range(${sql.lit(versionsPerKey)}) as v (v)`)}`;
}

/** Changes of one version for every key in `every`; one in ten lies before what is known. */
export function insertChanges(rows: number, changed: number): RawBuilder<unknown> {
  const keys = Math.ceil(rows / versionsPerKey);
  const every = Math.max(1, Math.floor(keys / changed));
  return sql`
    insert into log
    select * replace (
      modified_at - case when hash(id) % 10 = 0 then interval 30 days else interval 0 days end
        as modified_at,
      timestamp '2025-06-01' as observed_at
    )
    from (${selectVersions(sql`(
      select k * ${sql.lit(every)} as k from range(${sql.lit(changed)}) as k (k)
    ) as k, range(${sql.lit(versionsPerKey)}, ${sql.lit(versionsPerKey + 1)}) as v (v)`)}) as changes`;
}

function selectVersions(from: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    select
      'K' || lpad(cast(k as varchar), 12, '0') as id,
      timestamp '2024-01-01'
        + to_seconds(cast(v * 20 * ${sql.lit(daySeconds)} + hash(k, v) % 80000 as bigint))
        as modified_at,
      timestamp '2024-01-01' + to_seconds(cast(
        case when hash(k, v, 7) % 100 = 0 then v + 2 else v end * 20 * ${sql.lit(daySeconds)} + 90000
        as bigint)) as observed_at,
      v = 4 and hash(k) % 50 = 0 as is_deleted_there,
      'name ' || hash(k, v // 2) % 100000 as name,
      'stage ' || hash(k, v) % 7 as stage,
      cast(hash(k, v, 1) % 1000000 as decimal(18, 2)) / 100 as amount,
      hash(k, 2) % 1000 as owner,
      'city ' || hash(k, 3) % 3000 as city,
      hash(k, 4) % 2 = 0 as is_active,
      date '2020-01-01' + cast(hash(k, v, 5) % 1000 as integer) as close_date,
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
