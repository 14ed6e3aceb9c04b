import { sql } from 'kysely';
import { isModelNode, type ModelNode } from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { pathInState } from '../plan/find-deferred.ts';
import type { StateComparison } from '../plan/state-comparison.ts';
import { ensureNodeStates, markNodeFailed } from '../state/nodes.ts';
import {
  createSchema,
  createTableAs,
  createView,
  dropRelation,
  findKind,
} from '../steps/relation-statements.ts';
import type { Clock } from '../words/clock.ts';
import { messageOf, TerminalError } from '../words/errors.ts';
import type { StepResult } from '../words/step.ts';
import type { Warehouse } from '../words/warehouse.ts';

export interface CloneRequest {
  readonly models: ModelProject;
  /** Nodes that are meant, parents first. */
  readonly ids: readonly string[];
  readonly state: Pick<StateComparison, 'relationOf'>;
  readonly warehouse: Warehouse;
  readonly clock: Clock;
  /** Replace also what stands here. */
  readonly fullRefresh: boolean;
  readonly signal: AbortSignal;
}

/**
 * dbt's `clone` where tables cannot share their rows, as in DuckDB: each node is a view of what
 * the other environment has of it, and each snapshot a copy. The next build of a node makes it as
 * its file says; a snapshot goes on from its copy.
 */
export async function cloneNodes(request: CloneRequest): Promise<StepResult[]> {
  const { models, ids, signal, clock } = request;
  const results: StepResult[] = [];
  await ensureNodeStates(request.warehouse);
  for (const id of ids) {
    const node = models.nodes.get(id);
    if (!isModelNode(node) || node.nodeConfig.materialization === 'ephemeral') continue;
    signal.throwIfAborted();
    const startedMs = clock.now();
    const end = await cloneNode(request, node).catch((error: unknown) => {
      if (!(error instanceof TerminalError)) throw error;
      return { status: 'failed' as const, message: messageOf(error) };
    });
    results.push({
      ...{ id, kind: 'materialize', ...end, counts: {} },
      startedAt: new Date(startedMs).toISOString(),
      durationMs: clock.now() - startedMs,
    });
  }
  return results;
}

type End = Pick<StepResult, 'status' | 'message'>;

async function cloneNode(
  { state, warehouse, fullRefresh }: CloneRequest,
  node: ModelNode,
): Promise<End> {
  const { relation } = node;
  const other = state.relationOf(node.id);
  if (!other) return { status: 'reused', message: 'the state does not have it' };
  const path = pathInState(other, warehouse.catalog);
  if (path === pathInState(relation, warehouse.catalog)) {
    return { status: 'reused', message: 'it is the same relation there' };
  }
  const kind = await findKind(warehouse, relation);
  if (kind && !fullRefresh) return { status: 'reused', message: 'it stands already' };
  // A snapshot goes on from what it remembers, which a view cannot be added to.
  const isCopied = node.resourceType === 'snapshot';
  const write = isCopied ? createTableAs : createView;
  await warehouse.ddl([
    createSchema(relation.schema),
    ...(kind ? [dropRelation(relation, kind)] : []),
    write(relation, sql`select * from ${sql.raw(path)}`),
  ]);
  await warehouse.transaction((session) => markNodeFailed(session, node));
  return { status: 'success', message: `a ${isCopied ? 'copy' : 'view'} of ${path}` };
}
