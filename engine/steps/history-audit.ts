import { type RawBuilder, sql } from 'kysely';
import { TerminalError } from '../words/errors.ts';
import type { BuildNode } from '../words/node.ts';
import { formatRelation } from '../words/table.ts';
import type { Session } from '../words/warehouse.ts';
import type { HistoryShape } from './history-shape.ts';
import { columnList } from './relation-statements.ts';

/**
 * What holds of every history: each interval has a length, and of what is believed now no two
 * intervals of a key overlap, hence at most one is open.
 */
export function countBroken(
  shape: HistoryShape,
  history: RawBuilder<unknown>,
): RawBuilder<unknown> {
  return sql`
    select
      count(case when valid_to <= valid_from then 1 end) as empty_rows,
      count(case when next_from < coalesce(valid_to, next_from)
        or (valid_to is null and next_from is not null) then 1 end) as overlaps
    from (
      select valid_from, valid_to,
        lead(valid_from) over (
          partition by ${columnList(shape.keys)} order by valid_from
        ) as next_from
      from ${history}
      where recorded_to is null
    ) as believed`;
}

export async function requireHistory(
  session: Session,
  node: BuildNode,
  statement: RawBuilder<unknown>,
): Promise<void> {
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
