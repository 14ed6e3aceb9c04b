import type { BuildNode } from '../words/node.ts';
import type { Warehouse } from '../words/warehouse.ts';
import type { BuildContext, MaterializeResult } from './build-context.ts';
import { clearTheWay, publishTable } from './publish.ts';
import { createSchema, createTableAs, selectOf } from './relation-statements.ts';

/** The whole table anew: written beside the live one, audited, swapped in. */
export async function materializeTable(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
): Promise<MaterializeResult> {
  const live = await clearTheWay(warehouse, node.relation);
  return publishTable(warehouse, {
    node,
    context,
    live,
    async write(copy) {
      const select = selectOf(node.sql);
      await warehouse.ddl([createSchema(copy.schema), createTableAs(copy, select)]);
      return {};
    },
  });
}
