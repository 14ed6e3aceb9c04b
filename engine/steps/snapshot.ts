import { type RawBuilder, sql } from 'kysely';
import { readNodeState, saveNodeState } from '../state/nodes.ts';
import { assertThat, TerminalError } from '../words/errors.ts';
import type { BuildNode, SnapshotConfig, SnapshotStrategy } from '../words/node.ts';
import { type Column, formatRelation, type Relation } from '../words/table.ts';
import type { Session, Warehouse } from '../words/warehouse.ts';
import { auditOrRollBack, Withheld } from './audit.ts';
import { lastOfKeys, requireKeys } from './batch-keys.ts';
import type { BuildContext, MaterializeResult } from './build-context.ts';
import { clearTheWay, publishTable, stateOf, withhold } from './publish.ts';
import {
  countRows,
  createSchema,
  createTableAs,
  dropTables,
  selectOf,
  tableOf,
} from './relation-statements.ts';
import { planSchemaChange, reshapeSelect, type SchemaChange } from './schema-change.ts';
import { columnsOfSnapshot, comparedColumns, requireSnapshot } from './snapshot-shape.ts';
import {
  changesTable,
  createChanges,
  createEnds,
  createRows,
  createSource,
  endRows,
  endsTable,
  insertRows,
  rowsTable,
  type SnapshotBuild,
  selectFirst,
  selectKeys,
  sourceTableOf,
} from './snapshot-statements.ts';

/**
 * dbt's snapshot: what a select answers now is compared with the open rows; changed ones are ended
 * and followed by new ones, with dbt's columns and dbt's results. All changes are one transaction,
 * audited before it commits: killed or withheld, the table is as it was, and the next build finds
 * the same changes. A second build of the same rows changes nothing.
 *
 * What it remembers is nowhere else, so `--full-refresh` does not build it again.
 */
export async function materializeSnapshot(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
): Promise<MaterializeResult> {
  const { snapshot: written } = node.config;
  assertThat(written, `${node.id} has a snapshot config`);
  const live = await clearTheWay(warehouse, node.relation);
  if (live === 'view') {
    throw new TerminalError(`${formatRelation(node.relation)} is a view: it remembers nothing`, {
      code: 'snapshot-is-a-view',
      hint: 'Drop it, or make a table of its rows if they are what the snapshot is to begin with.',
      model: node.id,
    });
  }
  const columns = await warehouse.describeQuery(selectOf(node.sql));
  const select = lastOfKeys(node, selectOf(node.sql), columns);
  const standing = live ? await warehouse.describe(node.relation) : undefined;
  const strategy = await node.custom?.snapshotStrategy?.(standing !== undefined);
  const snapshot = strategy ? followStrategy(written, strategy) : written;
  const build: SnapshotBuild = {
    snapshot,
    ...(strategy ? { strategy } : {}),
    sourceTable: sourceTableOf(node.relation),
    selected: columns.map(({ name }) => name),
    kept: namesIn(columns, standing ?? columns),
    compared: comparedColumns(node, snapshot, columns, standing ?? columns),
    now: boundaryOf(context),
  };
  if (!standing) return buildFirst(warehouse, node, context, { build, select });
  requireSnapshot(node, snapshot, standing);
  const added = await columnsOfSnapshot(snapshot, columns, warehouse, select);
  const change = planChange(node, standing, [...columns, ...added]);
  const update: Update = { build, select, change };
  const work = change.reshaped ? updateCopy : updateInPlace;
  return withSource(warehouse, node, context, update, () => work(warehouse, node, context, update));
}

function followStrategy(
  written: SnapshotConfig,
  { uniqueKey, updatedAt, hardDeletes }: SnapshotStrategy,
): SnapshotConfig {
  return { ...written, uniqueKey, updatedAt, hardDeletes };
}

function namesIn(columns: readonly Column[], standing: readonly Column[]): ReadonlySet<string> {
  const known = new Set(standing.map(({ name }) => name.toLowerCase()));
  return new Set(columns.map(({ name }) => name).filter((name) => known.has(name.toLowerCase())));
}

/** The run's one boundary stands where dbt asks the clock. */
function boundaryOf(context: BuildContext): RawBuilder<unknown> {
  const text = new Date(context.boundaryMs).toISOString().replace('T', ' ').replace('Z', '');
  return sql`cast(${sql.lit(text)} as timestamp)`;
}

/** New columns are added, as dbt does; those gone stay, and new rows are null in them. */
function planChange(
  node: BuildNode,
  standing: readonly Column[],
  fresh: readonly Column[],
): SchemaChange {
  const config = { ...node.config, onSchemaChange: 'append_new_columns' } as const;
  return planSchemaChange({ ...node, config }, standing, fresh);
}

interface First {
  readonly build: SnapshotBuild;
  readonly select: RawBuilder<unknown>;
}

async function buildFirst(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
  { build, select }: First,
): Promise<MaterializeResult> {
  return publishTable(warehouse, {
    node,
    context,
    live: undefined,
    async write(copy) {
      const rows = selectFirst(build, select);
      await warehouse.ddl([createSchema(copy.schema), createTableAs(copy, rows)]);
      const keys = selectKeys(build, tableOf(copy));
      await requireKeys(warehouse, node, sql`${keys} as keyed`, build.snapshot.uniqueKey);
      return {};
    },
  });
}

interface Update extends First {
  readonly change: SchemaChange;
}

async function updateInPlace(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
  update: Update,
): Promise<MaterializeResult> {
  try {
    return await warehouse.transaction(async (session) => {
      const rows = await applyChanges(session, node.relation, update);
      const failures = await auditOrRollBack(session, node, node.relation);
      context.signal.throwIfAborted();
      const before = await readNodeState(session, node);
      const state = stateOf(node, context);
      const dataVersion = rows === 0 && before ? before.dataVersion : state.dataVersion;
      await saveNodeState(session, { ...state, dataVersion });
      const action = rows === 0 ? 'unchanged' : 'merged';
      return { action, rows, dataVersion, failures, warnings: [] };
    });
  } catch (error) {
    if (error instanceof Withheld) return withhold(warehouse, node, error.failures, error.kept);
    throw error;
  }
}

/**
 * The select's rows in a table while the work goes on, their keys checked. In transactions of their
 * own: DuckDB scans what the same transaction wrote with one processor only.
 */
async function withSource<Result>(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
  { build, select }: First,
  work: () => Promise<Result>,
): Promise<Result> {
  const drop = sql`drop table if exists ${build.sourceTable}`;
  const keys = selectKeys(build, build.sourceTable);
  await warehouse.transaction(async (session) => {
    await session.execute(drop);
    await session.execute(createSource(build, select));
  });
  try {
    await warehouse.transaction((session) =>
      requireKeys(session, node, sql`${keys} as keyed`, build.snapshot.uniqueKey),
    );
    context.signal.throwIfAborted();
    return await work();
  } finally {
    // What stays of a warehouse that fails is dropped by the next build.
    await warehouse
      .transaction((session) => session.execute(drop))
      .catch(() => context.log.warn('leftover_kept', { ...node.relation }));
  }
}

/** Columns were added: the changes are made in a copy of the new shape, which is swapped in. */
async function updateCopy(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
  update: Update,
): Promise<MaterializeResult> {
  return publishTable(warehouse, {
    node,
    context,
    live: 'table',
    async write(copy) {
      await warehouse.ddl([createTableAs(copy, reshapeSelect(node.relation, update.change))]);
      const rows = await warehouse.transaction((session) => applyChanges(session, copy, update));
      return { result: { action: 'merged', rows } };
    },
  });
}

/** Answers how many rows were added or ended. */
async function applyChanges(
  session: Session,
  target: Relation,
  { build, change }: Update,
): Promise<number> {
  await session.execute(createChanges(build, target));
  await session.execute(createRows(build, target));
  await session.execute(createEnds(build));
  const ended = await countRows(session, endsTable);
  const added = await countRows(session, rowsTable);
  if (ended > 0) await session.execute(endRows(build, target));
  if (added > 0) await session.execute(insertRows(target, change.insertColumns));
  await dropTables(session, [changesTable, rowsTable, endsTable]);
  return ended + added;
}
