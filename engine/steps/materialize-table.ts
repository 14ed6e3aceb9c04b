import type { BuildNode } from '../words/node.ts';
import type { Warehouse } from '../words/warehouse.ts';
import { ownChecks } from './audit.ts';
import type { BuildContext, MaterializeResult } from './build-context.ts';
import {
  clearTheWay,
  ensureSchema,
  nextOf,
  publishTable,
  rememberNode,
  stateOf,
} from './publish.ts';
import {
  countRows,
  createTableAs,
  dropRelation,
  type RelationKind,
  renameTable,
  selectOf,
  tableOf,
} from './relation-statements.ts';

/** The whole table anew: written beside the live one, audited, swapped in. */
export async function materializeTable(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
): Promise<MaterializeResult> {
  const live = await clearTheWay(warehouse, node.relation, context.seen);
  if (ownChecks(node).length === 0) return replaceTable(warehouse, node, context, live);
  return publishTable(warehouse, {
    node,
    context,
    live,
    async write(copy) {
      const select = selectOf(node.sql);
      await warehouse.ddl([...ensureSchema(copy, context.seen), createTableAs(copy, select)]);
      return {};
    },
  });
}

/** Where nothing judges the copy, it is written and put in place by one transaction. */
async function replaceTable(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
  live: RelationKind | undefined,
): Promise<MaterializeResult> {
  const { relation } = node;
  const { seen } = context;
  const state = stateOf(node, context);
  // The select may read the table that it replaces.
  const written = live ? nextOf(relation) : relation;
  await warehouse.ddl([
    ...ensureSchema(relation, seen),
    createTableAs(written, selectOf(node.sql)),
    ...(live ? [dropRelation(relation, live), renameTable(written, relation.name)] : []),
    ...rememberNode(state, seen),
  ]);
  const rows = await countRows(warehouse, tableOf(relation));
  const action = live ? 'replaced' : 'created';
  const { dataVersion } = state;
  return { action, rows, dataVersion, failures: [], warnings: [], state };
}
