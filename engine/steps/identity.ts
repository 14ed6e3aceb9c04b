import { sql } from 'kysely';
import { type NodeState, readNodeState, saveNodeState } from '../state/nodes.ts';
import { assertThat } from '../words/errors.ts';
import type { BuildNode } from '../words/node.ts';
import { formatCount, plural } from '../words/plural.ts';
import { type Column, formatRelation, type Relation } from '../words/table.ts';
import type { Session, Warehouse } from '../words/warehouse.ts';
import { auditOrRollBack, Withheld } from './audit.ts';
import type { BuildContext, MaterializeResult } from './build-context.ts';
import {
  clusterRecordsUsual,
  type Derived,
  deriveIdentity,
  type IdentityBuild,
} from './identity-build.ts';
import { selectDecisions } from './identity-decisions.ts';
import {
  columnsOfIdentity,
  type IdentityTables,
  nextTables,
  selectRecords,
  tablesOf,
} from './identity-shape.ts';
import { clearTheWay, publishTable, stateOf, withhold } from './publish.ts';
import {
  columnList,
  createSchema,
  createTable,
  createTableAs,
  findKind,
  type RelationKind,
  selectOf,
  tableOf,
} from './relation-statements.ts';

/**
 * Resolves which records are records of one thing. Matches are a function of the records and the
 * decisions alone; clusters are the connected components of the matches, cut where two records are
 * decided to be different; ids are remembered, so that they stay while clusters change.
 *
 * Where the last build stands, only the blocks and clusters that changed records touch are derived
 * again, in one transaction with the checks; otherwise all are, by the same statements, into copies
 * that are swapped in together. Either way the ids of earlier builds are kept: a full refresh
 * derives everything anew but for the names.
 */
export async function materializeIdentity(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
): Promise<MaterializeResult> {
  const build = await prepareBuild(warehouse, node, context);
  const tables = tablesOf(node.relation);
  const live = await clearTheWay(warehouse, node.relation);
  const base = await findBase(warehouse, build, tables, live);
  return base
    ? updateIdentity(warehouse, build, tables, base)
    : rebuildIdentity(warehouse, build, tables, live);
}

async function prepareBuild(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
): Promise<IdentityBuild> {
  const config = node.config.identity;
  assertThat(config, `${node.id} has an identity config`);
  const { dialect } = warehouse;
  const select = selectRecords(config, dialect, selectOf(node.sql));
  const records = await warehouse.describeQuery(select);
  const relation = config.decisionsRelation;
  const found = relation && (await warehouse.describe(relation));
  return {
    node,
    config,
    context,
    dialect,
    select,
    columns: columnsOfIdentity(config, dialect, records),
    ...(relation && found
      ? {
          decisions: {
            relation,
            columns: found,
            select: selectDecisions(node, { relation, columns: found }, dialect),
          },
        }
      : {}),
  };
}

const parts = ['identity', 'matches', 'review', 'ids', 'events', 'oversize', 'records'] as const;

/** The state to go on from, or undefined where everything must be derived. */
async function findBase(
  warehouse: Warehouse,
  build: IdentityBuild,
  tables: IdentityTables,
  live: RelationKind | undefined,
): Promise<NodeState | undefined> {
  const { node, context } = build;
  if (live !== 'table' || context.fullRefresh) return undefined;
  const state = await readNodeState(warehouse, node);
  if (!state || state.fingerprint !== node.fingerprint) return undefined;
  for (const part of parts) {
    if (!(await stands(warehouse, tables[part], build.columns[part]))) return undefined;
  }
  return state;
}

async function stands(
  session: Session,
  relation: Relation,
  columns: readonly Column[],
): Promise<boolean> {
  const spell = (all: readonly Column[]) => all.map(({ name, typeName }) => `${name} ${typeName}`);
  if ((await findKind(session, relation)) !== 'table') return false;
  const standing = await session.describe(relation);
  return spell(standing ?? []).join('\n') === spell(columns).join('\n');
}

/** What changed records touch, deleted and derived again. */
async function updateIdentity(
  warehouse: Warehouse,
  build: IdentityBuild,
  tables: IdentityTables,
  base: NodeState,
): Promise<MaterializeResult> {
  const { node, context } = build;
  try {
    return await warehouse.transaction(async (session) => {
      const derived = await deriveIdentity(session, build, tables, 'changed');
      const { rows } = derived;
      const failures = await auditOrRollBack(session, node, node.relation);
      context.signal.throwIfAborted();
      const state = stateOf(node, context);
      const dataVersion = rows > 0 ? state.dataVersion : base.dataVersion;
      await saveNodeState(session, { ...state, dataVersion });
      const action = rows > 0 ? 'merged' : 'unchanged';
      return { action, rows, dataVersion, failures, warnings: warningsOf(tables, derived) };
    });
  } catch (error) {
    if (error instanceof Withheld) return withhold(warehouse, node, error.failures, error.kept);
    throw error;
  }
}

/** Everything into copies, which are audited and swapped in together. */
async function rebuildIdentity(
  warehouse: Warehouse,
  build: IdentityBuild,
  tables: IdentityTables,
  live: RelationKind | undefined,
): Promise<MaterializeResult> {
  const { node, context, columns } = build;
  const companions = parts.filter((part) => part !== 'identity').map((part) => tables[part]);
  for (const relation of companions) await clearTheWay(warehouse, relation);
  return publishTable(warehouse, {
    node,
    context,
    live,
    companions,
    async write() {
      const next = nextTables(tables);
      const schemas = new Set(parts.map((part) => next[part].schema));
      const created = [...schemas].map(createSchema);
      for (const part of parts) {
        const isKept = part === 'ids' || part === 'events';
        const standing = isKept && (await stands(warehouse, tables[part], columns[part]));
        const names = columnList(columns[part].map(({ name }) => name));
        const select = sql`select ${names} from ${tableOf(tables[part])}`;
        created.push(
          standing ? createTableAs(next[part], select) : createTable(next[part], columns[part]),
        );
      }
      await warehouse.ddl(created);
      const earlier = (await stands(warehouse, tables.identity, columns.identity))
        ? tables.identity
        : next.identity;
      const derived = await warehouse.transaction((session) =>
        deriveIdentity(session, build, next, 'all', earlier),
      );
      return { result: { rows: derived.rows, warnings: warningsOf(tables, derived) } };
    },
  });
}

function warningsOf(tables: IdentityTables, { oversize, crowded }: Derived): string[] {
  const blocks = `${plural(oversize, 'block')} larger than max_block matched nothing`;
  const most = `the largest ${plural(crowded.records, 'record')}`;
  const ids = `${plural(crowded.ids, 'id')} with more than ${formatCount(clusterRecordsUsual)} records`;
  return [
    ...(oversize > 0 ? [`${blocks}: see ${formatRelation(tables.oversize)}`] : []),
    ...(crowded.ids > 0
      ? [`${ids}, ${most}: see by rule in ${formatRelation(tables.matches)} what joins them`]
      : []),
  ];
}
