import { type RawBuilder, sql } from 'kysely';
import { insertRows, typeColumns } from '../state/insert-rows.ts';
import { TerminalError } from '../words/errors.ts';
import type { IdentityRule } from '../words/identity.ts';
import type { BuildNode } from '../words/node.ts';
import { formatRelation, type Relation } from '../words/table.ts';
import type { Dialect, Session } from '../words/warehouse.ts';
import { connectComponents } from './components.ts';
import { keepApart, type Pair } from './identity-apart.ts';
import { touchedTable } from './identity-matches.ts';
import { countRows, dropTables, tableOf } from './relation-statements.ts';

/** Rows of the identity as the last build left them, of every cluster that may be another now. */
export const beforeTable = sql.id('tidemill_before');
/** The records to cluster anew. */
export const scopeTable = sql.id('tidemill_scope');
/** (record, component, cluster) of the records in scope. */
export const clustersTable = sql.id('tidemill_clusters');

const edgesTable = sql.id('tidemill_edges');
const partsTable = sql.id('tidemill_parts');
const splitTable = sql.id('tidemill_split');

/**
 * Matches in components that hold a pair decided to be different: they are weighed one by one, in
 * memory. More of them means that a rule joins what it should not.
 */
const weighedMatchesMax = 500_000;

/** All that the matches alone connected with a touched record, before decisions cut anything. */
export function createBefore(identity: Relation, scope: 'all' | 'changed'): RawBuilder<unknown> {
  const narrowed =
    scope === 'all'
      ? sql``
      : sql`
    where component in (
      select component
      from ${tableOf(identity)}
      where record in (select record from ${touchedTable})
    )`;
  return sql`
    create temporary table ${beforeTable} as
    select *
    from ${tableOf(identity)}${narrowed}`;
}

export function createScope(records: Relation, scope: 'all' | 'changed'): RawBuilder<unknown> {
  const narrowed =
    scope === 'all'
      ? sql``
      : sql`
    where record in (select record from ${touchedTable})
      or record in (select record from ${beforeTable})`;
  return sql`
    create temporary table ${scopeTable} as
    select record
    from ${tableOf(records)}${narrowed}`;
}

function createEdges(matches: Relation, scope: 'all' | 'changed'): RawBuilder<unknown> {
  const narrowed =
    scope === 'all'
      ? sql``
      : sql`
      and left_record in (select record from ${scopeTable})`;
  return sql`
    create temporary table ${edgesTable} as
    select left_record, right_record
    from ${tableOf(matches)}
    where outcome = 'joins'${narrowed}`;
}

function createClusters(components: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    create temporary table ${clustersTable} as
    select
      scope.record,
      coalesce(components.component, scope.record) as component,
      coalesce(parts.cluster, components.component, scope.record) as cluster
    from ${scopeTable} as scope
    left join ${components} as components on components.record = scope.record
    left join ${partsTable} as parts on parts.record = scope.record`;
}

interface ClusterBuild {
  readonly node: BuildNode;
  readonly dialect: Dialect;
  readonly signal: AbortSignal;
}

/** Leaves the clusters of the records in scope in `clustersTable`. */
export async function clusterRecords(
  session: Session,
  { node, dialect, signal }: ClusterBuild,
  matches: Relation,
  scope: 'all' | 'changed',
): Promise<void> {
  await session.execute(createEdges(matches, scope));
  const components = await connectComponents(session, edgesTable, signal);
  await session.execute(sql`
    create temporary table ${partsTable} as
    select record, component as cluster
    from ${components}
    where false`);
  await splitComponents(session, node, dialect, { matches, components });
  await session.execute(createClusters(components));
  await dropTables(session, [edgesTable, partsTable, components]);
}

interface Connected {
  readonly matches: Relation;
  readonly components: RawBuilder<unknown>;
}

/** Cuts the components in which two records are decided to be different. */
async function splitComponents(
  session: Session,
  node: BuildNode,
  dialect: Dialect,
  connected: Connected,
): Promise<void> {
  await session.execute(createSplit(connected));
  const apart = await session.query<Pair>(sql`
    select left_record as left, right_record as right
    from ${splitTable}`);
  if (apart.length > 0) {
    const weighed = selectWeighed(node.config.identity?.rules ?? [], connected);
    const count = await countRows(session, sql`(${weighed}) as weighed`);
    if (count > weighedMatchesMax) throw tooEntangled(node, count);
    const clusters = keepApart(await session.query<Pair>(weighed), apart);
    await insertParts(session, dialect, [...clusters]);
  }
  await dropTables(session, [splitTable]);
}

/**
 * Pairs decided to be different that the matches connect all the same. Compared after the group, so
 * that no planner begins with every two records of a component.
 */
function createSplit({ matches, components }: Connected): RawBuilder<unknown> {
  return sql`
    create temporary table ${splitTable} as
    select matches.left_record, matches.right_record, min(one.component) as component
    from ${tableOf(matches)} as matches
    inner join ${components} as one on one.record = matches.left_record
    inner join ${components} as other on other.record = matches.right_record
    where matches.outcome = 'apart'
    group by matches.left_record, matches.right_record
    having min(one.component) = min(other.component)`;
}

/** Their matches from the strongest to the weakest: a person's word, then the order of rules. */
function selectWeighed(
  rules: readonly IdentityRule[],
  { matches, components }: Connected,
): RawBuilder<unknown> {
  const ranks = rules.map(
    ({ name }, index) => sql`when ${sql.lit(name)} then ${sql.lit(index + 1)}`,
  );
  return sql`
    select matches.left_record as left, matches.right_record as right
    from ${tableOf(matches)} as matches
    inner join ${components} as components on components.record = matches.left_record
    where matches.outcome = 'joins'
      and components.component in (select component from ${splitTable})
    order by
      case matches.rule when 'same' then 0 ${sql.join(ranks, sql` `)} end,
      matches.score desc,
      matches.left_record,
      matches.right_record`;
}

async function insertParts(
  session: Session,
  dialect: Dialect,
  clusters: readonly (readonly [string, string])[],
): Promise<void> {
  const columns = typeColumns(dialect, [
    ['record', 'string'],
    ['cluster', 'string'],
  ]);
  await insertRows(session, dialect, partsTable, columns, clusters);
}

function tooEntangled(node: BuildNode, count: number): TerminalError {
  return new TerminalError(
    `${formatRelation(node.relation)}: ${count} matches connect records that were decided to be different; ${weighedMatchesMax} at most are weighed`,
    {
      code: 'identity-entangled',
      hint: `A rule joins too much: look at the largest components, and give the rule a where or a smaller max_block in ${node.file}.`,
      model: node.id,
    },
  );
}
