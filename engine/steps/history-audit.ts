import { type RawBuilder, sql } from 'kysely';
import { TerminalError } from '../words/errors.ts';
import type { BuildNode } from '../words/node.ts';
import { formatRelation } from '../words/table.ts';
import type { Dialect, Session } from '../words/warehouse.ts';
import type { HistoryShape } from './history-shape.ts';
import { columnList } from './relation-statements.ts';

/**
 * What holds of every history: each interval has a length, and of what is believed now no two
 * intervals of a key overlap, hence at most one is open.
 */
export function countBroken(
  history: RawBuilder<unknown>,
  keys: readonly string[],
): RawBuilder<unknown> {
  return sql`
    select
      count(case when valid_to <= valid_from then 1 end) as empty_rows,
      count(case when next_from < coalesce(valid_to, next_from)
        or (valid_to is null and next_from is not null) then 1 end) as overlaps
    from (
      select valid_from, valid_to,
        lead(valid_from) over (
          partition by ${columnList(keys)} order by valid_from
        ) as next_from
      from ${history}
      where recorded_to is null
    ) as believed`;
}

/**
 * Keys of which it is not plain, without sorting, that their intervals are a chain: each begins
 * where another ends, but for the first, and each ends where another begins, but for the last.
 * Intervals that have a length and are one chain cannot meet. A gap breaks a chain, and so do two
 * keys of one number: such keys are looked at again. Begins and ends are added up as numbers, so
 * that only a broken history which also hits upon a right sum would pass.
 */
export function selectUnchained(
  history: RawBuilder<unknown>,
  keys: readonly string[],
  dialect: Dialect,
): RawBuilder<unknown> {
  const number = (value: RawBuilder<unknown>) => dialect.rowHash([value]);
  const last = sql`case when count(valid_to) = count(*) then max(valid_to) end`;
  return sql`
    select tidemill_key
    from (
      select ${dialect.rowHash(keys.map((key) => sql.id(key)))} as tidemill_key,
        valid_from, valid_to
      from ${history}
      where recorded_to is null
    ) as believed
    group by tidemill_key
    having sum(${number(sql`valid_from`)}) + ${number(last)}
        <> sum(${number(sql`valid_to`)}) + ${number(sql`min(valid_from)`)}
      or count(case when valid_to <= valid_from then 1 end) > 0`;
}

/** Throws where the history is not one. */
export async function requireHistory(
  session: Session,
  node: BuildNode,
  { keys }: HistoryShape,
  history: RawBuilder<unknown>,
  dialect: Dialect,
): Promise<void> {
  const unchained = selectUnchained(history, keys, dialect);
  const key = dialect.rowHash(keys.map((name) => sql.id('rows', name)));
  const doubtful = sql`(
        select rows.*
        from ${history} as rows
        join (${unchained}
        ) as unchained
          on unchained.tidemill_key = ${key}
      ) as doubtful`;
  const statement = countBroken(doubtful, keys);
  const [row] = await session.query<{ empty_rows: unknown; overlaps: unknown }>(statement);
  const empty = Number(row?.empty_rows ?? 0);
  const overlaps = Number(row?.overlaps ?? 0);
  if (empty + overlaps === 0) return;
  throw new TerminalError(
    `${formatRelation(node.relation)}: ${empty} intervals have no length and ${overlaps} overlap; nothing is published`,
    {
      code: 'history-broken',
      hint: `The select in ${node.file} must answer the same rows each time it is read: look for random choices in it.`,
      model: node.id,
    },
  );
}
