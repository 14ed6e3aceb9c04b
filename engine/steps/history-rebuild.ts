import { saveNodeState } from '../state/nodes.ts';
import { formatRelation } from '../words/table.ts';
import type { Warehouse } from '../words/warehouse.ts';
import { auditNode, mustWithhold } from './audit.ts';
import type { MaterializeResult } from './build-context.ts';
import { deriveHistory, type HistoryBuild, markLog } from './history-build.ts';
import { digestsOf, selectDigests } from './history-changes.ts';
import { clearTheWay, dropLeftover, nextOf, stateOf, swapTables, withhold } from './publish.ts';
import {
  createSchema,
  createTable,
  createTableAs,
  dropRelation,
  type RelationKind,
} from './relation-statements.ts';

/** Every key derived into a copy, which is audited and swapped in together with its digests. */
export async function rebuildHistory(
  warehouse: Warehouse,
  build: HistoryBuild,
  live: RelationKind | undefined,
  wasRewritten: boolean,
): Promise<MaterializeResult> {
  const { node, context } = build;
  const digests = build.changedBy === 'content' ? [digestsOf(node.relation)] : [];
  for (const relation of digests) await clearTheWay(warehouse, relation);
  const relations = [node.relation, ...digests];
  const next = nextOf(node.relation);
  await warehouse.ddl([createSchema(node.relation.schema), createTable(next, build.columns)]);
  try {
    const { mark, derived } = await warehouse.transaction(async (session) => {
      const { mark } = await markLog(session, build, undefined);
      return { mark, derived: await deriveHistory(session, build, next, 'all') };
    });
    for (const relation of digests) {
      const select = selectDigests(build.shape, build.logColumns, build.log, build.textType);
      await warehouse.ddl([createTableAs(nextOf(relation), select)]);
    }
    const failures = await auditNode(warehouse, node, next);
    context.signal.throwIfAborted();
    if (mustWithhold(failures)) {
      await warehouse.ddl(relations.map((relation) => dropRelation(nextOf(relation), 'table')));
      return await withhold(warehouse, node, failures);
    }
    await swapTables(warehouse, node, relations);
    const state = stateOf(node, context, JSON.stringify(mark));
    await warehouse.transaction((session) => saveNodeState(session, state));
    const warnings = wasRewritten ? [rewrittenWarning(build)] : [];
    const action = live ? 'replaced' : 'created';
    return { action, ...derived, dataVersion: context.runId, failures, warnings };
  } catch (error) {
    for (const relation of relations) await dropLeftover(warehouse, nextOf(relation), context);
    throw error;
  }
}

function rewrittenWarning({ node, shape }: HistoryBuild): string {
  return `${formatRelation(node.relation)}: its log gained or lost rows that ${shape.recordedAt.name} says are old, so all was derived again (set changed_by: content if it may change in any way)`;
}
