import { readsOf } from '../declare/checks.ts';
import {
  isEmptyModel,
  isModelNode,
  isSourceNode,
  isTestNode,
  isUnitTestNode,
  type ModelNode,
} from '../declare/model-node.ts';
import { streamIdOf } from '../declare/source-index.ts';
import { diffSync, previewPlan } from '../steps/diff.ts';
import { readCursors } from '../steps/land-cursor.ts';
import type {
  BuildDecision,
  BuildStep,
  CheckStep,
  ExtractStep,
  Plan,
  PlanFault,
  Step,
  SyncStep,
} from '../words/step.ts';
import { type DecisionContext, decideNode } from './decide-node.ts';
import { findNewGates, isGateOf } from './gate-prints.ts';
import { toFault } from './gather-streams.ts';
import { prepareSync } from './prepare-sync.ts';
import type { SyncNode } from './sync-nodes.ts';
import type { Work } from './work.ts';

/** The work as values. Reads the warehouse and asks the CRMs for descriptions; writes nothing. */
export async function buildPlan(work: Work): Promise<Plan> {
  const { request, warnings, faults } = work;
  const { kinds } = request.scope;
  const steps: Step[] = [];
  if (kinds.has('extract')) steps.push(...takeTurns(await planExtracts(work)));
  if (kinds.has('materialize')) steps.push(...(await planBuilds(work, steps)));
  if (kinds.has('check')) {
    const left = kinds.has('materialize') ? await findLeftGates(work, steps) : new Set<string>();
    steps.push(...planUnitTests(work, steps, left), ...planChecks(work, steps, left));
  }
  if (kinds.has('sync')) {
    for (const node of work.syncs) {
      if (work.selected.has(node.id)) steps.push(await planSync(work, node, steps));
    }
  }
  return {
    project: request.project.name,
    boundary: new Date(request.boundaryMs).toISOString(),
    steps,
    faults,
    warnings,
  };
}

async function planExtracts(work: Work): Promise<ExtractStep[]> {
  const { request, streams } = work;
  const { warehouse, connectors, boundaryMs, scope } = request;
  const cursors = await readCursors(warehouse);
  const steps: ExtractStep[] = [];
  for (const [id, { connection, stream, settings }] of streams.chosen) {
    if (!work.selected.has(id)) continue;
    const cursor = scope.fullRefresh ? undefined : cursors.get(`${connection}.${stream.name}`);
    const extractor = connectors.extractor(connection);
    const estimate = extractor.estimate({ stream, settings, cursor, boundaryMs });
    steps.push({ kind: 'extract', id, dependsOn: [], connection, stream: stream.name, estimate });
  }
  for (const [id, fault] of streams.faults) {
    if (!work.selected.has(id)) continue;
    const [, connection = '', ...name] = id.split('.');
    const stream = name.join('.');
    steps.push({ kind: 'extract', id, dependsOn: [], connection, stream, fault });
  }
  return steps;
}

/** One stream of each connection after the other: none waits for another CRM's limits. */
function takeTurns(steps: readonly ExtractStep[]): ExtractStep[] {
  const queues = [...Map.groupBy(steps, ({ connection }) => connection).values()];
  const longest = Math.max(0, ...queues.map(({ length }) => length));
  return Array.from({ length: longest }, (_, turn) =>
    queues.flatMap((queue) => queue[turn] ?? []),
  ).flat();
}

/** Ids of the steps a node waits for: streams for its sources, models for its refs. */
function stepsBefore(work: Work, reads: readonly string[]): string[] {
  return reads.flatMap((id) => {
    const node = work.models?.nodes.get(id);
    return isSourceNode(node) ? (node.streamId ?? []) : [id];
  });
}

function isBuilt(work: Work, id: string): boolean {
  const node = work.models?.nodes.get(id);
  if (!work.selected.has(id) || !isModelNode(node) || isEmptyModel(node)) return false;
  return node.nodeConfig.materialization !== 'ephemeral';
}

async function planBuilds(work: Work, before: readonly Step[]): Promise<BuildStep[]> {
  const { request, models, graph } = work;
  if (!models) return [];
  const { scope, boundaryMs } = request;
  const context: DecisionContext = {
    standing: await work.standing.read(),
    fullRefresh: scope.fullRefresh ?? false,
    boundaryMs,
  };
  const pending = new Set(before.map(({ id }) => id));
  const certain = new Set<string>();
  const steps: BuildStep[] = [];
  for (const id of graph.order.filter((one) => isBuilt(work, one))) {
    const node = models.nodes.get(id) as ModelNode;
    const dependsOn = stepsBefore(work, readsOf(models, node));
    const fault = faultOf(work, id) ?? faultOfGate(work, id);
    const decision = decideStep(work, node, dependsOn, { context, pending, certain });
    if (decision.action !== 'reuse') pending.add(id);
    if (decision.action === 'run') certain.add(id);
    steps.push({
      kind: node.nodeConfig.materialization === 'history' ? 'history' : 'materialize',
      id,
      dependsOn: [...dependsOn, ...unitTestsOf(work, id)],
      name: node.name,
      relation: node.relation,
      materialization: node.nodeConfig.materialization,
      decision,
      ...(fault ? { fault } : {}),
    });
  }
  return steps;
}

function decideStep(
  work: Work,
  node: ModelNode,
  dependsOn: readonly string[],
  so: {
    readonly context: DecisionContext;
    /** Steps that may bring something new, and those that certainly do. */
    readonly pending: ReadonlySet<string>;
    readonly certain: ReadonlySet<string>;
  },
): BuildDecision {
  const now = decideNode(work, node, so.context);
  if (now.run) return { action: 'run', reasons: now.reasons };
  const rebuilt = dependsOn.filter((id) => so.certain.has(id));
  if (rebuilt.length > 0) {
    return { action: 'run', reasons: [`${rebuilt.map(nameOf).join(', ')} will be rebuilt`] };
  }
  const waited = dependsOn.filter((id) => so.pending.has(id));
  if (waited.length === 0) return { action: 'reuse', reasons: now.reasons };
  return { action: 'follow', reasons: [`if ${waited.map(nameOf).join(', ')} bring anything new`] };
}

const nameOf = (id: string): string => id.split('.').slice(-1)[0] ?? id;

function faultOf(work: Work, id: string): PlanFault | undefined {
  return work.nodeFaults.get(id);
}

/** A test that cannot run cannot let rows pass: the node that waits for it fails with its fault. */
function faultOfGate(work: Work, id: string): PlanFault | undefined {
  const { models, graph, selected } = work;
  for (const child of graph.childrenOf(id)) {
    const test = models?.nodes.get(child);
    if (!models || !isTestNode(test) || !selected.has(child)) continue;
    const fault = readsOf(models, test).length === 1 ? faultOf(work, child) : undefined;
    if (fault) return fault;
  }
  return undefined;
}

/** A model is built once its unit tests hold. */
function unitTestsOf(work: Work, modelId: string): readonly string[] {
  if (!work.request.scope.kinds.has('check')) return [];
  return work.graph.childrenOf(modelId).filter((id) => isUnitTestNode(work.models?.nodes.get(id)));
}

/**
 * Unit tests read no table: they wait only for inputs whose columns nobody knows before they are
 * built, and a model that is reused needs only new ones.
 */
function planUnitTests(
  work: Work,
  before: readonly Step[],
  left: ReadonlySet<string>,
): CheckStep[] {
  const { models, selected } = work;
  const reused = new Set(
    before
      .filter((step) => 'decision' in step && step.decision.action === 'reuse')
      .map(({ id }) => id),
  );
  const built = new Set(before.map(({ id }) => id));
  return work.graph.order.flatMap((id) => {
    const test = models?.nodes.get(id);
    if (!isUnitTestNode(test) || !selected.has(id)) return [];
    if (reused.has(test.modelId) && !left.has(id)) return [];
    const fault = faultOf(work, id) ?? faultOf(work, test.modelId);
    const inputs = test.given.map(({ input }) => input).filter((input) => input !== test.modelId);
    const dependsOn = inputs.filter((input) => built.has(input) && !work.bound.has(input));
    const step = { kind: 'check', id, dependsOn, name: test.name, severity: 'error' } as const;
    return [{ ...step, ...(fault ? { fault } : {}) }];
  });
}

/**
 * Tests as steps of their own: those that read several nodes, which the build cannot judge before
 * all of them are published; those that the rows which stand were not held to; those that cannot
 * run, but the one whose fault their model tells; every test where nothing is built.
 */
function planChecks(work: Work, before: readonly Step[], left: ReadonlySet<string>): CheckStep[] {
  const { models, selected, request } = work;
  if (!models) return [];
  const builds = request.scope.kinds.has('materialize');
  const told = new Set(before.map(({ fault }) => fault));
  return work.graph.order.flatMap((id) => {
    const test = models.nodes.get(id);
    if (!isTestNode(test) || !selected.has(id)) return [];
    const reads = readsOf(models, test);
    const [only = ''] = reads;
    const isOwn = builds && isGateOf(models, test, only) && isBuilt(work, only);
    const fault = faultOf(work, id);
    if (isOwn && (fault ? told.has(fault) : !left.has(id))) return [];
    const severity = String(test.nodeConfig['severity'] ?? 'error').toLowerCase();
    return [
      {
        kind: 'check' as const,
        id,
        dependsOn: stepsBefore(work, reads),
        name: test.name,
        severity: severity === 'warn' ? ('warn' as const) : ('error' as const),
        ...(fault ? { fault } : {}),
      },
    ];
  });
}

/** Gates of nodes that may be reused: a test that is new or has changed has not seen their rows. */
async function findLeftGates(
  { selected, standing, models, request }: Work,
  before: readonly Step[],
): Promise<ReadonlySet<string>> {
  if (!models) return new Set();
  const known = await standing.read();
  const left = new Set<string>();
  for (const step of before) {
    const node = models.nodes.get(step.id);
    if (!('decision' in step) || step.decision.action === 'run' || !isModelNode(node)) continue;
    for (const id of await findNewGates({ models, selected, request }, node, known)) left.add(id);
  }
  return left;
}

/** The model, the stream it is compared with, and every test that may say the model is wrong. */
async function planSync(work: Work, node: SyncNode, before: readonly Step[]): Promise<SyncStep> {
  const { declaration, id } = node;
  const { connection, object } = declaration;
  const model = node.graphNode.dependsOn[0] ?? '';
  const tests = before.filter(
    (step) => step.kind === 'check' && step.severity === 'error' && step.dependsOn.includes(model),
  );
  const stream = streamIdOf(connection, work.request.connectors.streamOf(connection, object));
  const step = {
    kind: 'sync' as const,
    id,
    sync: declaration.name,
    target: `${connection}.${object}`,
    dependsOn: [...new Set([model, stream, ...tests.map((test) => test.id)])],
  };
  if (node.fault) return { ...step, fault: node.fault, preview: undefined };
  if (!work.request.scope.previews) return { ...step, preview: undefined };
  try {
    const prepared = await prepareSync(work.request, node);
    if (!prepared) return { ...step, preview: undefined };
    const { mapping, destination } = prepared;
    const { warehouse } = work.request;
    const price = destination.price.bind(destination);
    const summary = await diffSync(warehouse, warehouse.dialect, mapping, price);
    const { counts, calls, stop, conflictRows, driftRows } = summary;
    const most = work.request.scope.previewRows ?? 0;
    const rows = most > 0 && (await previewPlan(warehouse, warehouse.dialect, mapping, most));
    return {
      ...step,
      preview: {
        counts: { ...counts, conflicts: conflictRows, drifts: driftRows },
        calls,
        hasWork: summary.hasWork,
        ...(rows ? { rows } : {}),
        ...(stop === undefined ? {} : { stop }),
      },
    };
  } catch (error) {
    return { ...step, fault: { id, ...toFault(error) }, preview: undefined };
  }
}
