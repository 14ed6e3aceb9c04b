import { type RawBuilder, sql } from 'kysely';
import { TerminalError } from '../words/errors.ts';
import type { BuildNode } from '../words/node.ts';
import { formatRelation } from '../words/table.ts';
import type { Dialect, Session } from '../words/warehouse.ts';
import type { HistoryShape } from './history-shape.ts';
import { columnList } from './relation-statements.ts';

/**
 * What holds of every history: each interval has a length, and of what is believed now no two
 * intervals of a key overlap, hence at most one is open. `partition` is the key, or a number made
 * of it: numbers are sorted in half the time, and where two keys have one, the intervals of both
 * only add to what is counted.
 */
export function countBroken(
  history: RawBuilder<unknown>,
  partition: RawBuilder<unknown>,
): RawBuilder<unknown> {
  return sql`
    select
      count(case when valid_to <= valid_from then 1 end) as empty_rows,
      count(case when next_from < coalesce(valid_to, next_from)
        or (valid_to is null and next_from is not null) then 1 end) as overlaps
    from (
      select valid_from, valid_to,
        lead(valid_from) over (
          partition by ${partition} order by valid_from
        ) as next_from
      from ${history}
      where recorded_to is null
    ) as believed`;
}

/**
 * Throws where the history is not one. What the numbers of the keys find, the keys must confirm.
 */
export async function requireHistory(
  session: Session,
  node: BuildNode,
  shape: HistoryShape,
  history: RawBuilder<unknown>,
  dialect: Dialect,
): Promise<void> {
  const count = async (partition: RawBuilder<unknown>) => {
    const statement = countBroken(history, partition);
    const [row] = await session.query<{ empty_rows: unknown; overlaps: unknown }>(statement);
    return { empty: Number(row?.empty_rows ?? 0), overlaps: Number(row?.overlaps ?? 0) };
  };
  const suspected = await count(dialect.rowHash(shape.keys.map((key) => sql.id(key))));
  if (suspected.empty + suspected.overlaps === 0) return;
  const { empty, overlaps } = await count(columnList(shape.keys));
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
