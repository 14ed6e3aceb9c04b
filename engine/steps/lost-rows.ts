import { type RawBuilder, sql } from 'kysely';
import { TerminalError } from '../words/errors.ts';
import type { BuildNode } from '../words/node.ts';
import { plural } from '../words/plural.ts';
import { type Column, formatRelation, type Relation } from '../words/table.ts';
import type { Session } from '../words/warehouse.ts';
import { countRows, tableOf } from './relation-statements.ts';

/**
 * What was added to for years may hold what its inputs have long forgotten, so a copy made anew
 * only takes its place where nothing that stands would be gone: rows by their key, or where there
 * is none, by their number.
 *
 * @throws TerminalError `rows-lost`, with counts
 */
export async function requireStandingRows(
  session: Session,
  node: BuildNode,
  copy: Relation,
): Promise<void> {
  const standing = await countRows(session, tableOf(node.relation));
  if (standing === 0) return;
  const lost = await countLost(session, node, copy, standing);
  if (lost <= 0) return;
  throw new TerminalError(
    `${formatRelation(node.relation)}: made anew it would lose ${lost.toLocaleString('en-US')} of its ${plural(standing, 'row')}; nothing is published`,
    {
      code: 'rows-lost',
      hint: `--full-refresh makes it anew without them; full_refresh: false in the config of ${node.file} keeps it and adds to it.`,
      model: node.id,
    },
  );
}

async function countLost(
  session: Session,
  { relation, config: { uniqueKey = [] } }: BuildNode,
  copy: Relation,
  standing: number,
): Promise<number> {
  const [before, after] = [await session.describe(relation), await session.describe(copy)];
  const pairs = uniqueKey.map((key) => [findColumn(before, key), findColumn(after, key)] as const);
  const same: RawBuilder<unknown>[] = [];
  for (const [was, is] of pairs) {
    if (was && is) same.push(keyEquals(was, is));
  }
  if (same.length === 0 || same.length < pairs.length) {
    return standing - (await countRows(session, tableOf(copy)));
  }
  return await countRows(
    session,
    sql`(
      select 1
      from ${tableOf(relation)} as standing
      where not exists (
        select 1
        from ${tableOf(copy)} as copy
        where ${sql.join(same, sql` and `)}
      )
    ) as lost`,
  );
}

function findColumn(columns: readonly Column[] | undefined, name: string): Column | undefined {
  return columns?.find((column) => column.name.toLowerCase() === name.toLowerCase());
}

/** Keys of two types are the same where people would read the same. */
function keyEquals(was: Column, is: Column): RawBuilder<unknown> {
  const [left, right] = [sql.id('standing', was.name), sql.id('copy', is.name)];
  if (was.typeName === is.typeName) return sql`${left} = ${right}`;
  return sql`cast(${left} as varchar) = cast(${right} as varchar)`;
}
