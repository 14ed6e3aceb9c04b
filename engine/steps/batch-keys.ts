import { type RawBuilder, sql } from 'kysely';
import { TerminalError } from '../words/errors.ts';
import type { BuildNode } from '../words/node.ts';
import { type Column, formatRelation } from '../words/table.ts';
import type { Session } from '../words/warehouse.ts';
import { columnList } from './relation-statements.ts';

/** Rows of a batch whose key is null in a column, and keys that more than one row bears. */
export function countKeyFaults(
  batch: RawBuilder<unknown>,
  keys: readonly string[],
): RawBuilder<unknown> {
  const anyNull = sql.join(
    keys.map((key) => sql`${sql.id(key)} is null`),
    sql` or `,
  );
  return sql`
    select
      coalesce(sum(case when ${anyNull} then rows_of_key end), 0) as null_keys,
      coalesce(sum(case when not (${anyNull}) and rows_of_key > 1 then 1 end), 0) as duplicate_keys
    from (
      select ${columnList(keys)}, count(*) as rows_of_key
      from ${batch}
      group by ${columnList(keys)}
    ) as counted`;
}

/**
 * A merge by key is only defined where every key is there and there once: throws TerminalError
 * `null-keys` or `duplicate-keys` with counts, before the live table is touched. `standing`: the
 * rows are those of a table in a new shape.
 */
export async function requireKeys(
  session: Session,
  node: BuildNode,
  batch: RawBuilder<unknown>,
  keys: readonly string[],
  standing?: { readonly hint: string },
): Promise<void> {
  const statement = countKeyFaults(batch, keys);
  const [row] = await session.query<{ null_keys: unknown; duplicate_keys: unknown }>(statement);
  const nulls = Number(row?.null_keys ?? 0);
  const duplicates = Number(row?.duplicate_keys ?? 0);
  const key = keys.join(', ');
  const name = formatRelation(node.relation);
  if (nulls > 0) {
    const rows = standing ? 'rows that stand' : 'rows';
    throw new TerminalError(`${name}: ${nulls} ${rows} have no value in the unique key (${key})`, {
      code: 'null-keys',
      hint:
        standing?.hint ??
        `Leave them out in ${node.file}, for example with "where ${keys[0]} is not null".`,
      model: node.id,
    });
  }
  if (duplicates > 0) {
    throw new TerminalError(
      `${name}: ${duplicates} values of the unique key (${key}) are on more than one row${standing ? ' that stands' : ''}`,
      {
        code: 'duplicate-keys',
        hint:
          standing?.hint ??
          `Make the select in ${node.file} unique, or set duplicate_keys: last and duplicate_order.`,
        model: node.id,
      },
    );
  }
}

/**
 * One row of each key: the greatest by `order`, then by the row's other columns, so that the choice
 * depends on the rows alone. Rows without a key are kept, for `requireKeys` to refuse.
 */
export function keepLast(
  select: RawBuilder<unknown>,
  columns: readonly string[],
  keys: readonly string[],
  order: string | undefined,
  by: readonly RawBuilder<unknown>[] = keys.map((key) => sql.id(key)),
): RawBuilder<unknown> {
  const rest = columns.filter((name) => !keys.includes(name) && name !== order);
  const ranks = [...(order === undefined ? [] : [order]), ...rest].map(
    (name) => sql`${sql.id(name)} desc nulls last`,
  );
  const ranking = ranks.length === 0 ? sql`` : sql`order by ${sql.join(ranks)}`;
  const anyNull = sql.join(
    by.map((key) => sql`${key} is null`),
    sql` or `,
  );
  return sql`
    select ${columnList(columns)}
    from (
      select
        *,
        row_number() over (partition by ${sql.join(by)} ${ranking}) as tidemill_rank
      from (
        ${select}
      ) as batch
    ) as ranked
    where tidemill_rank = 1 or ${anyNull}`;
}

/** The select as it is, or under `duplicate_keys: last` one row of each key. */
export function lastOfKeys(
  node: BuildNode,
  select: RawBuilder<unknown>,
  columns: readonly Column[],
): RawBuilder<unknown> {
  const { uniqueKey, snapshot, duplicateKeys, duplicateOrder } = node.config;
  if (duplicateKeys !== 'last') return select;
  const names = columns.map((column) => column.name);
  // A snapshot's key may be an expression over its columns.
  const expressions = snapshot?.uniqueKey.map((key) => sql.raw(`(${key})`));
  if (expressions) return keepLast(select, names, [], duplicateOrder, expressions);
  return uniqueKey ? keepLast(select, names, uniqueKey, duplicateOrder) : select;
}
