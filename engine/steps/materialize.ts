import { sql } from 'kysely';
import { ensureNodeStates, markNodeFailed } from '../state/nodes.ts';
import type { BuildNode } from '../words/node.ts';
import type { Warehouse } from '../words/warehouse.ts';
import { ownChecks } from './audit.ts';
import type { BuildContext, MaterializeResult } from './build-context.ts';
import { materializeHistory } from './history.ts';
import { materializeIdentity } from './identity.ts';
import { materializeCustom } from './materialize-custom.ts';
import { materializeIncremental } from './materialize-incremental.ts';
import { materializeMicrobatch } from './materialize-microbatch.ts';
import { materializeTable } from './materialize-table.ts';
import { materializeView } from './materialize-view.ts';
import { finishNode } from './publish.ts';
import { materializeSeed } from './seed.ts';
import { materializeSnapshot } from './snapshot.ts';
import { storeFailures } from './store-failures.ts';
import { materializeScript } from './typescript/materialize-script.ts';

/**
 * Builds one node: write beside the live relation, audit, publish in one transaction. After an
 * error or a kill the live relation is whole and the build may be repeated. A check that fails is
 * data (`withheld`), not an error. Hooks are their own transactions, before and after; where one of
 * those after fails, or the rows that break a test cannot be kept, the node's rows are published
 * and it is marked to run again.
 */
export async function materialize(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
): Promise<MaterializeResult> {
  context.signal.throwIfAborted();
  await ensureNodeStates(warehouse);
  await runHooks(warehouse, node, 'pre');
  const result = context.script
    ? await materializeScript(warehouse, node, context, context.script, buildRelation)
    : await buildRelation(warehouse, node, context);
  if (result.action === 'withheld') return result;
  try {
    // Rows that a batch was withheld for are kept already.
    if (!result.batches?.failed.length) {
      await storeFailures(warehouse, ownChecks(node), () => node.relation);
    }
    await runHooks(warehouse, node, 'post');
    return await finishNode(warehouse, node, result);
  } catch (error) {
    // Where nothing was written the node still counts as built. The first error matters more.
    await warehouse
      .transaction((session) => markNodeFailed(session, node))
      .catch(() => context.log.warn('mark_not_written', { node: node.id }));
    throw error;
  }
}

async function buildRelation(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
): Promise<MaterializeResult> {
  switch (node.config.materialization) {
    case 'view':
      return materializeView(warehouse, node, context);
    case 'table':
      return materializeTable(warehouse, node, context);
    case 'incremental':
      return context.batches
        ? materializeMicrobatch(warehouse, node, context, context.batches)
        : materializeIncremental(warehouse, node, context);
    case 'history':
      return materializeHistory(warehouse, node, context);
    case 'identity':
      return materializeIdentity(warehouse, node, context);
    case 'seed':
      return materializeSeed(warehouse, node, context);
    case 'snapshot':
      return materializeSnapshot(warehouse, node, context);
    case 'custom':
      return materializeCustom(warehouse, node, context);
    case 'ephemeral':
      return { action: 'none', rows: 0, dataVersion: undefined, failures: [], warnings: [] };
  }
}

async function runHooks(
  warehouse: Warehouse,
  node: BuildNode,
  when: 'pre' | 'post',
): Promise<void> {
  if (node.runHooks) return node.runHooks(when);
  const { preHooks, postHooks } = node.config;
  for (const hook of when === 'pre' ? preHooks : postHooks) await warehouse.ddl([sql.raw(hook)]);
}
