import { type RawBuilder, sql } from 'kysely';
import { TerminalError } from '../words/errors.ts';
import type { BuildNode, SnapshotConfig } from '../words/node.ts';
import { didYouMean } from '../words/suggest.ts';
import { type Column, formatRelation } from '../words/table.ts';
import type { Session } from '../words/warehouse.ts';

/** Names of the columns a snapshot adds behind its select's own, in order. */
export function addedNames({ columnNames, hardDeletes }: SnapshotConfig): readonly string[] {
  const { dbt_scd_id, dbt_updated_at, dbt_valid_from, dbt_valid_to, dbt_is_deleted } = columnNames;
  const names = [dbt_scd_id, dbt_updated_at, dbt_valid_from, dbt_valid_to];
  return hardDeletes === 'new_record' ? [...names, dbt_is_deleted] : names;
}

/** The columns a snapshot adds, typed: its times are of the type that `updated_at` is. */
export async function columnsOfSnapshot(
  snapshot: SnapshotConfig,
  selected: readonly Column[],
  session: Session,
  select?: RawBuilder<unknown>,
): Promise<readonly Column[]> {
  const [text, timestamp] = await session.describeQuery(
    sql`select cast(null as varchar) as a, cast(null as timestamp) as b`,
  );
  const wanted = snapshot.updatedAt?.replaceAll('"', '').toLowerCase();
  const named = selected.find(({ name }) => name.toLowerCase() === wanted);
  const isExpression = named === undefined && snapshot.strategy === 'custom' && wanted;
  const [computed] =
    isExpression && select && snapshot.updatedAt !== undefined
      ? await session.describeQuery(
          sql`select (${sql.raw(snapshot.updatedAt)}) as clock from (
${select}
) as source`,
        )
      : [];
  const clock = named ?? computed ?? timestamp;
  if (text === undefined || clock === undefined) return [];
  const [first = '', ...times] = addedNames(snapshot);
  const { dbt_is_deleted: flag } = snapshot.columnNames;
  return [
    { ...text, name: first },
    ...times.map((name) => ({ ...(name === flag ? text : clock), name })),
  ];
}

/** What a `check` snapshot compares. */
export interface ComparedColumns {
  readonly names: readonly string[];
  /** True where a compared column is new: then every row counts as changed, as it does in dbt. */
  readonly hasNew: boolean;
}

export function comparedColumns(
  node: BuildNode,
  snapshot: SnapshotConfig,
  selected: readonly Column[],
  standing: readonly Column[],
): ComparedColumns {
  const names = selected.map(({ name }) => name);
  const wanted = (snapshot.checkColumns ?? names).map((name) => {
    const plain = name.replace(/^"(.*)"$/s, '$1').toLowerCase();
    const found = names.find((one) => one.toLowerCase() === plain);
    if (found !== undefined) return found;
    throw new TerminalError(
      `${formatRelation(node.relation)}: check_cols names "${name}", which its select does not have${didYouMean(name, names)}`,
      {
        code: 'snapshot-column-missing',
        hint: `Correct check_cols of ${node.name} (${node.file}).`,
        model: node.id,
      },
    );
  });
  const known = new Set(standing.map(({ name }) => name.toLowerCase()));
  const isKnown = (name: string): boolean => known.has(name.toLowerCase());
  return { names: wanted.filter(isKnown), hasNew: !wanted.every(isKnown) };
}

/** A table without a snapshot's columns is somebody else's, or a snapshot of other settings. */
export function requireSnapshot(
  node: BuildNode,
  snapshot: SnapshotConfig,
  standing: readonly Column[],
): void {
  const known = new Set(standing.map(({ name }) => name.toLowerCase()));
  const missing = addedNames(snapshot).filter((name) => !known.has(name.toLowerCase()));
  if (missing.length === 0) return;
  throw new TerminalError(
    `${formatRelation(node.relation)} stands and has no ${missing.join(', ')}`,
    {
      code: 'snapshot-target-foreign',
      hint: 'Its past cannot be made again: rename the table, or add the columns to it, then build.',
      model: node.id,
    },
  );
}
