import { saveNodeState } from '../state/nodes.ts';
import { assertThat } from '../words/errors.ts';
import type { BuildNode } from '../words/node.ts';
import type { Warehouse } from '../words/warehouse.ts';
import { auditOrRollBack, Withheld } from './audit.ts';
import type { BuildContext, MaterializeResult } from './build-context.ts';
import { stateOf, withhold } from './publish.ts';
import { countRows, createSchema, findKind, tableOf } from './relation-statements.ts';

/**
 * A project's own materialization, whatever it does, is one transaction: its statements, the audit
 * of what stands under the node's name afterwards, and the node's state. A macro that throws, a
 * check that fails or a kill leaves everything as it was.
 */
export async function materializeCustom(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
): Promise<MaterializeResult> {
  const run = node.custom?.materialize;
  assertThat(run, `${node.id} has a materialization of its own`);
  await warehouse.ddl([createSchema(node.relation.schema)]);
  const live = await findKind(warehouse, node.relation);
  try {
    const result = await warehouse.transaction<MaterializeResult>(async (session) => {
      await run(session);
      context.signal.throwIfAborted();
      const kind = await findKind(session, node.relation);
      const failures = kind ? await auditOrRollBack(session, node, node.relation) : [];
      const rows = kind === 'table' ? await countRows(session, tableOf(node.relation)) : 0;
      const state = stateOf(node, context);
      await saveNodeState(session, state);
      const { dataVersion } = state;
      const action = live ? 'replaced' : 'created';
      return { action, rows, dataVersion, failures, warnings: [] };
    });
    await warehouse.checkpoint();
    return result;
  } catch (error) {
    if (error instanceof Withheld) return withhold(warehouse, node, error.failures, error.kept);
    throw error;
  }
}
