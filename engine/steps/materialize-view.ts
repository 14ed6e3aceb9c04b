import { replaceNodeState } from '../state/nodes.ts';
import type { BuildNode } from '../words/node.ts';
import type { Warehouse } from '../words/warehouse.ts';
import { auditNode, mustWithhold, ownChecks } from './audit.ts';
import type { BuildContext, MaterializeResult } from './build-context.ts';
import { clearTheWay, dropLeftover, nextOf, stateOf, withhold } from './publish.ts';
import { createSchema, createView, dropRelation, selectOf } from './relation-statements.ts';
import { storeFailures } from './store-failures.ts';

/**
 * A view is audited under another name, then takes the place of the live one in one transaction.
 */
export async function materializeView(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
): Promise<MaterializeResult> {
  const live = await clearTheWay(warehouse, node.relation);
  const next = nextOf(node.relation);
  const select = selectOf(node.sql);
  const audited = ownChecks(node).length > 0;
  const failures = audited ? await auditView(warehouse, node, context) : [];
  context.signal.throwIfAborted();
  if (mustWithhold(failures)) {
    await storeFailures(warehouse, ownChecks(node), () => next, false);
    await warehouse.ddl([dropRelation(next, 'view')]);
    return withhold(warehouse, node, failures);
  }
  await warehouse.ddl([
    createSchema(node.relation.schema),
    ...(audited ? [dropRelation(next, 'view')] : []),
    ...(live ? [dropRelation(node.relation, live)] : []),
    createView(node.relation, select),
    ...replaceNodeState(stateOf(node, context)),
  ]);
  const action = live ? 'replaced' : 'created';
  return { action, rows: 0, dataVersion: context.runId, failures, warnings: [] };
}

async function auditView(warehouse: Warehouse, node: BuildNode, context: BuildContext) {
  const next = nextOf(node.relation);
  await warehouse.ddl([createSchema(node.relation.schema), createView(next, selectOf(node.sql))]);
  try {
    return await auditNode(warehouse, node, next);
  } catch (error) {
    await dropLeftover(warehouse, next, context);
    throw error;
  }
}
