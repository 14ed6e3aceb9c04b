import { type NodeState, readNodeState } from '../state/nodes.ts';
import { assertThat } from '../words/errors.ts';
import type { BuildNode } from '../words/node.ts';
import type { Column } from '../words/table.ts';
import type { Warehouse } from '../words/warehouse.ts';
import type { BuildContext, MaterializeResult } from './build-context.ts';
import type { HistoryBuild } from './history-build.ts';
import { digestsOf, readMark } from './history-changes.ts';
import { rebuildHistory } from './history-rebuild.ts';
import { columnsOfHistory, requireTypes, shapeHistory } from './history-shape.ts';
import { updateHistory } from './history-update.ts';
import { clearTheWay } from './publish.ts';
import { findKind, type RelationKind, selectOf } from './relation-statements.ts';

/**
 * An SCD2 table as a pure function of a log of versions: the same whatever the order, repetition
 * and batching in which the log grew.
 *
 * For every key, versions are sorted by (validAt, sequence, recordedAt, content); of one instant
 * the last counts; consecutive versions equal in the tracked columns are one row. Rows are
 * half-open,
 * `valid_from <= t < valid_to`. A delete ends the row (`is_deleted`) and leaves a gap, a later
 * version opens the next; a merge ends it with `superseded_by`. Untracked columns hold the newest
 * value within the row.
 *
 * `recorded_from <= r < recorded_to` is when we believed a row. An open end that becomes known is
 * filled in, and `valid_to_recorded_at` says when; any other change, which only a late version or a
 * second one of the same instant can bring, ends the belief (`recorded_to`) and begins the
 * corrected one. So what was believed at `r` to be true at `t` is the row with
 * `recorded_from <= r and (recorded_to is null or recorded_to > r)` and
 * `valid_from <= t and (valid_to is null or valid_to > t or valid_to_recorded_at > r)`.
 *
 * Where the last build's mark stands, only the keys that changed are deleted and derived again, in
 * one transaction; otherwise all are, by the same statements.
 */
export async function materializeHistory(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
): Promise<MaterializeResult> {
  const config = node.config.history;
  assertThat(config, `${node.id} has a history config`);
  const log = selectOf(node.sql);
  const logColumns = await warehouse.describeQuery(log);
  const shape = shapeHistory(node, config, logColumns);
  requireTypes(node, shape, logColumns);
  const build: HistoryBuild = {
    node,
    context,
    shape,
    log,
    columns: columnsOfHistory(shape, warehouse.dialect.typeName('boolean')),
    changedBy: config.changedBy,
    dialect: warehouse.dialect,
  };
  const live = await clearTheWay(warehouse, node.relation);
  const base = await findBase(warehouse, build, live);
  const updated = base && (await updateHistory(warehouse, build, base));
  return updated ?? rebuildHistory(warehouse, build, live, base !== undefined);
}

/** The state to go on from, or undefined where everything must be derived. */
async function findBase(
  warehouse: Warehouse,
  build: HistoryBuild,
  live: RelationKind | undefined,
): Promise<NodeState | undefined> {
  const { node, context } = build;
  if (live !== 'table' || context.fullRefresh) return undefined;
  const state = await readNodeState(warehouse, node);
  const mark = readMark(state?.watermark);
  if (!state || !mark || state.fingerprint !== node.fingerprint) return undefined;
  if (mark.changedBy !== build.changedBy) return undefined;
  const standing = await warehouse.describe(node.relation);
  if (spellColumns(standing ?? []) !== spellColumns(build.columns)) return undefined;
  if (build.changedBy === 'recorded') return state;
  const digests = await findKind(warehouse, digestsOf(node.relation));
  return digests === 'table' ? state : undefined;
}

function spellColumns(columns: readonly Column[]): string {
  return columns.map((column) => `${column.name} ${column.typeName}`).join('\n');
}
