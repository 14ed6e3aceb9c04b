import type { BuildNode } from '../words/node.ts';
import type { Warehouse } from '../words/warehouse.ts';
import { auditNode, mustWithhold, ownChecks } from './audit.ts';
import type { BuildContext, MaterializeResult } from './build-context.ts';
import {
  clearTheWay,
  dropLeftover,
  ensureSchema,
  nextOf,
  rememberNode,
  stateOf,
  withhold,
} from './publish.ts';
import { createView, dropRelation, selectOf } from './relation-statements.ts';
import { storeFailures } from './store-failures.ts';

/**
 * A view is audited under another name, then takes the place of the live one in one transaction.
 */
export async function materializeView(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
): Promise<MaterializeResult> {
  const live = await clearTheWay(warehouse, node.relation, context.seen);
  const next = nextOf(node.relation);
  const select = selectOf(node.sql);
  const audited = ownChecks(node).length > 0;
  const failures = audited ? await auditView(warehouse, node, context) : [];
  context.signal.throwIfAborted();
  if (mustWithhold(failures)) {
    await storeFailures(warehouse, ownChecks(node), () => next, false);
    await warehouse.ddl([dropRelation(next, 'view')]);
    return withhold(warehouse, node, failures, []);
  }
  const state = stateOf(node, context);
  await warehouse.ddl([
    ...ensureSchema(node.relation, context.seen),
    ...(audited ? [dropRelation(next, 'view')] : []),
    ...(live ? [dropRelation(node.relation, live)] : []),
    createView(node.relation, select),
    ...rememberNode(state, context.seen),
  ]);
  const action = live ? 'replaced' : 'created';
  const { dataVersion } = state;
  return { action, rows: 0, dataVersion, failures, warnings: [], state };
}

async function auditView(warehouse: Warehouse, node: BuildNode, context: BuildContext) {
  const next = nextOf(node.relation);
  await warehouse.ddl([...ensureSchema(next, context.seen), createView(next, selectOf(node.sql))]);
  try {
    return await auditNode(warehouse, node, next);
  } catch (error) {
    await dropLeftover(warehouse, next, context);
    throw error;
  }
}
