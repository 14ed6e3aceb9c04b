import type { RawBuilder } from 'kysely';
import {
  markNodeFailed,
  type NodeState,
  readNodeState,
  replaceNodeState,
  saveNodeState,
} from '../state/nodes.ts';
import type { BuildNode } from '../words/node.ts';
import { formatRelation, type Relation } from '../words/table.ts';
import type { Warehouse } from '../words/warehouse.ts';
import { auditNode, mustWithhold, ownChecks } from './audit.ts';
import { readSpansLeft, writeSpansLeft } from './batch-spans.ts';
import type { BuildContext, CheckFailure, MaterializeResult, Seen } from './build-context.ts';
import {
  countRows,
  createSchema,
  dropRelation,
  findKind,
  findKinds,
  type RelationKind,
  renameTable,
  tableOf,
} from './relation-statements.ts';
import { type KeptFailures, storeFailures, writeKept } from './store-failures.ts';

/** Ends the names of copies under construction; whatever bears it is dropped at the next build. */
const nextSuffix = '__tidemill_next';

/** Where the copy of a relation is built: beside it, so that a rename publishes it. */
export function nextOf(relation: Relation): Relation {
  return { schema: relation.schema, name: `${relation.name}${nextSuffix}` };
}

/** Drops what a killed build left; answers what stands under the live name. */
export async function clearTheWay(
  warehouse: Warehouse,
  relation: Relation,
  seen?: Seen,
): Promise<RelationKind | undefined> {
  const next = nextOf(relation);
  const [leftover, live] = seen
    ? [seen.kindOf(next), seen.kindOf(relation)]
    : await findKinds(warehouse, [next, relation]);
  if (leftover) await warehouse.ddl([dropRelation(next, leftover)]);
  return live;
}

/** The schema of a relation, unless it is known to stand. */
export function ensureSchema({ schema }: Relation, seen?: Seen): readonly RawBuilder<unknown>[] {
  return seen?.hasSchema(schema) ? [] : [createSchema(schema)];
}

/** The statements that remember a node, for the transaction that publishes it. */
export function rememberNode(state: NodeState, seen?: Seen): readonly RawBuilder<unknown>[] {
  return replaceNodeState(state, seen?.hasState === false);
}

export function stateOf(
  node: BuildNode,
  context: BuildContext,
  watermark?: string | undefined,
): NodeState {
  const { left: spansLeft = [], made } = context.batches ?? {};
  const left = writeSpansLeft(spansLeft, made);
  return {
    nodeId: node.id,
    relation: formatRelation(node.relation),
    fingerprint: node.fingerprint,
    ...(node.told === undefined ? {} : { told: node.told }),
    ...(node.writtenAs === undefined ? {} : { writtenAs: node.writtenAs }),
    dataVersion: context.runId,
    inputs: context.inputs,
    builtAtMs: context.boundaryMs,
    watermark: watermark ?? left,
    // A kill before the rest is done leaves a node that is built again.
    status: left === undefined && !hasRest(node) ? 'built' : 'failed',
  };
}

/** Whether something is to be done once the rows are published: see `finishNode`. */
function hasRest(node: BuildNode): boolean {
  return (
    node.config.postHooks.length > 0 || ownChecks(node).some(({ store }) => store !== undefined)
  );
}

/** Says that the rest is done as well; answers the result as it then is. */
export async function finishNode(
  warehouse: Warehouse,
  node: BuildNode,
  result: MaterializeResult,
): Promise<MaterializeResult> {
  if (!hasRest(node)) return result;
  const state = await warehouse.transaction(async (session) => {
    const published = await readNodeState(session, node);
    if (!published || readSpansLeft(published.watermark).length > 0) return published;
    const finished = { ...published, status: 'built' } as const;
    await saveNodeState(session, finished);
    return finished;
  });
  return result.state && state ? { ...result, state } : result;
}

/**
 * Nothing was published: the live relation stays, and the node is tried again at the next run.
 * `kept`: failing rows that a transaction took back, to be written where they are kept.
 */
export async function withhold(
  warehouse: Warehouse,
  node: BuildNode,
  failures: readonly CheckFailure[],
  kept: readonly KeptFailures[],
): Promise<MaterializeResult> {
  await writeKept(warehouse, kept);
  await markNodeFailed(warehouse, node);
  return { action: 'withheld', rows: 0, dataVersion: undefined, failures, warnings: [] };
}

/** A copy to write, audit and publish. */
export interface Publication {
  readonly node: BuildNode;
  readonly context: BuildContext;
  /** What stands under the node's name now. */
  readonly live: RelationKind | undefined;
  /** Swapped in with the node's own relation: what must never disagree with it. */
  readonly companions?: readonly Relation[];
  /**
   * Writes the copies, each under `nextOf` its relation; throws where they must not be published.
   */
  write(copy: Relation): Promise<Written>;
}

export interface Written {
  readonly watermark?: string;
  readonly result?: Partial<MaterializeResult>;
}

/**
 * Has the copy written, runs its checks, swaps it in. Killed at any point, the live one is whole.
 */
export async function publishTable(
  warehouse: Warehouse,
  publication: Publication,
): Promise<MaterializeResult> {
  const { node, context, live, companions = [] } = publication;
  const relations = [node.relation, ...companions];
  const copy = nextOf(node.relation);
  try {
    const { watermark, result } = await publication.write(copy);
    context.signal.throwIfAborted();
    const failures = await auditNode(warehouse, node, copy);
    context.signal.throwIfAborted();
    if (mustWithhold(failures)) {
      await storeFailures(warehouse, ownChecks(node), () => copy, false);
      await warehouse.ddl(relations.map((relation) => dropRelation(nextOf(relation), 'table')));
      return await withhold(warehouse, node, failures, []);
    }
    const rows = result?.rows ?? (await countRows(warehouse, tableOf(copy)));
    const state = stateOf(node, context, watermark);
    await swapTables(warehouse, publication, state);
    const action = live ? 'replaced' : 'created';
    const { dataVersion } = state;
    return { action, warnings: [], ...result, rows, dataVersion, failures, state };
  } catch (error) {
    for (const relation of relations) await dropLeftover(warehouse, nextOf(relation), context);
    throw error;
  }
}

/**
 * Puts the copies under the live names in one transaction, with the node's state. Dependants are
 * not dropped: views bind by name and read the new tables from then on.
 */
async function swapTables(
  warehouse: Warehouse,
  { node, context, live, companions = [] }: Publication,
  state: NodeState,
): Promise<void> {
  const statements: RawBuilder<unknown>[] = [];
  for (const relation of [node.relation, ...companions]) {
    const kind = relation === node.relation ? live : await findKind(warehouse, relation);
    if (kind) statements.push(dropRelation(relation, kind));
    statements.push(renameTable(nextOf(relation), relation.name));
  }
  await warehouse.ddl([...statements, ...rememberNode(state, context.seen)]);
}

/** Best effort after a failure: what stays is dropped at the next build. */
export async function dropLeftover(
  warehouse: Warehouse,
  relation: Relation,
  context: BuildContext,
): Promise<void> {
  try {
    const kind = await findKind(warehouse, relation);
    if (kind) await warehouse.ddl([dropRelation(relation, kind)]);
  } catch {
    context.log.warn('leftover_kept', { schema: relation.schema, name: relation.name });
  }
}
