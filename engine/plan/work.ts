import { readsOf } from '../declare/checks.ts';
import { asConfig } from '../declare/config.ts';
import type { Graph } from '../declare/graph.ts';
import { formatFault, type ModelFault } from '../declare/model-fault.ts';
import {
  isAnalysisNode,
  isModelNode,
  isSourceNode,
  isTestNode,
  isUnitTestNode,
  type SourceNode,
} from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import type { Project } from '../declare/project/project.ts';
import { readSeedColumns } from '../declare/seed-columns.ts';
import type { Span } from '../words/batch-time.ts';
import type { Log } from '../words/log.ts';
import { delimiterOf } from '../words/seed-delimiter.ts';
import type { PlanFault, Step } from '../words/step.ts';
import type { Column } from '../words/table.ts';
import type { Warehouse } from '../words/warehouse.ts';
import { type BoundNode, bindModels, type KnownColumn } from './bind.ts';
import type { BindCacheFile } from './bind-cache.ts';
import { chooseNodes, type NodeChoice, tellChosen } from './choose-nodes.ts';
import type { Connectors } from './connectors.ts';
import { type DeferRequest, findDeferred } from './find-deferred.ts';
import { fingerprintNodes, type NodeFingerprint } from './fingerprint.ts';
import { type GatheredStreams, gatherStreams } from './gather-streams.ts';
import { joinGraph, type ReadModelsRequest, readProjectModels } from './read-models.ts';
import { tellSelected } from './selected-resources.ts';
import { findSourceColumns } from './source-columns.ts';
import { createStandingReader, type StandingReader } from './standing.ts';
import type { StateComparison } from './state-comparison.ts';
import { findSyncNodes, type SyncNode } from './sync-nodes.ts';
import { findTakenRelations } from './taken-relations.ts';

/** Which part of a project is meant. */
export interface WorkScope extends NodeChoice {
  /** Kinds of steps to take: `run` takes all, `build` those of models, and so on. */
  readonly kinds: ReadonlySet<Step['kind']>;
  readonly fullRefresh?: boolean;
  /** Build also what nothing has changed of, as dbt does. */
  readonly withoutReuse?: boolean;
  /** Keep the failing rows of tests whose config does not say. */
  readonly storeFailures?: boolean;
  /** The stretch of time whose batches a microbatch makes, in place of what is due. */
  readonly eventTime?: Span;
  /** Inputs that say what their time is are seen in this stretch alone. */
  readonly sample?: Span;
  /** Inputs are seen without rows. */
  readonly isEmpty?: boolean;
  /** Nodes that are not meant are read where the state has them: if missing here, or always. */
  readonly defer?: 'missing' | 'always';
  /** Only what an earlier run left. */
  readonly retry?: RetryScope;
  /** Compare the syncs with today's tables: for a plan that is read; a run compares at its turn. */
  readonly previews?: boolean;
  /** Rows of each sync to show, a row a field; none where it is left out. */
  readonly previewRows?: number;
}

export interface RetryScope {
  /** Steps to do again; absent: all that are not done. */
  readonly ids?: ReadonlySet<string>;
  readonly done: ReadonlySet<string>;
  /** The boundary of the run that is retried: its microbatches reach up to it. */
  readonly batchesUntilMs: number;
}

export interface WorkRequest {
  readonly project: Project;
  readonly connectors: Connectors;
  readonly warehouse: Warehouse;
  readonly scope: WorkScope;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The run's one boundary, milliseconds since the epoch. */
  readonly boundaryMs: number;
  readonly invocationId: string;
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly bindCache?: BindCacheFile;
  /** Reads the state that `--state` names. */
  compareState?(models: ModelProject): Promise<StateComparison>;
  readonly openMemory?: ReadModelsRequest['openMemory'];
  /** dbt's manifest, for templates that look into `graph`. */
  readonly describeProject?: ReadModelsRequest['describeProject'];
  readonly warningRules?: ReadModelsRequest['warningRules'];
}

/** Everything a plan is made of and a run works with: read once, nothing written. */
export interface Work {
  readonly request: WorkRequest;
  readonly streams: GatheredStreams;
  /** What stands in the warehouse: read once, for the plan and for the run of it. */
  readonly standing: StandingReader;
  readonly models: ModelProject | undefined;
  readonly graph: Graph;
  /** Ids of nodes that are meant; streams, models, tests and syncs alike. */
  readonly selected: ReadonlySet<string>;
  /** Of what is meant and all that it is made of. */
  readonly fingerprints: ReadonlyMap<string, NodeFingerprint>;
  readonly bound: ReadonlyMap<string, BoundNode>;
  /** Nodes that read tables which no edge leads to. */
  readonly outside: ReadonlySet<string>;
  /** Columns of sources by node id, where they are known. */
  readonly sourceColumns: ReadonlyMap<string, readonly KnownColumn[]>;
  /** By node id. */
  readonly nodeFaults: ReadonlyMap<string, PlanFault>;
  readonly syncs: readonly SyncNode[];
  /** Relations of another environment that stand in for nodes that are not meant, as SQL. */
  readonly deferred: ReadonlyMap<string, string>;
  readonly faults: readonly PlanFault[];
  readonly warnings: readonly string[];
}

/** What dbt makes of whole numbers in a seed. */
const smallIntegerType = 'INTEGER';

const noStreams: GatheredStreams = { chosen: new Map(), faults: new Map() };

/** Reads models, asks the connections what they have, binds everything against the shadow. */
export async function gatherWork(request: WorkRequest): Promise<Work> {
  const { project, connectors, scope, signal } = request;
  const needsStreams = scope.kinds.has('extract');
  const [streams, models] = await Promise.all([
    needsStreams ? gatherStreams(project, connectors, signal) : noStreams,
    readModels(request),
  ]);
  const syncs = findSyncNodes(project, models, connectors);
  const graph = joinGraph(project, models, syncs, [
    ...streams.chosen.keys(),
    ...streams.faults.keys(),
  ]);
  const state = models && (await request.compareState?.(models));
  const selection = chooseNodes(graph, scope, models, state?.methods);
  const chosenWarnings = tellChosen(request.warningRules, selection.warnings, state?.warnings);
  const selected = narrowToRetry(selection.ids, scope, models);
  if (models) tellSelected(models, selected, scope.kinds.has('materialize') ? 'build' : 'test');
  // What only tests are asked of is not built: it is read where it stands.
  const built = scope.kinds.has('materialize') ? selected : new Set<string>();
  const deferred = await findDeferred(deferOf(request), { models, selected: built, state });
  const standing = createStandingReader(request.warehouse);
  const base = { request, standing, streams, models, graph, selected, syncs, deferred };
  const notes = modelNotes(models);
  if (!models || !needsModels(scope)) {
    const none = { fingerprints: new Map(), bound: new Map(), outside: new Set<string>() };
    const nothing = { ...none, nodeFaults: new Map(), sourceColumns: new Map(), faults: [] };
    return { ...base, ...nothing, warnings: chosenWarnings };
  }
  const known = await bindWork(base, models);
  const taken = await findTakenRelations(models, scope.storeFailures ?? false);
  return {
    ...base,
    ...known,
    nodeFaults: new Map([...taken, ...notes.nodeFaults, ...known.nodeFaults]),
    faults: notes.faults,
    warnings: [...chosenWarnings, ...notes.warnings],
  };
}

/** A test that is a gate of one model has no step of its own: it goes along with the model. */
function narrowToRetry(
  selected: ReadonlySet<string>,
  { retry, kinds }: WorkScope,
  models: ModelProject | undefined,
): ReadonlySet<string> {
  if (retry === undefined) return selected;
  const { ids, done } = retry;
  const gatedBy = (id: string): string | undefined => {
    const test = models?.nodes.get(id);
    if (!models || !isTestNode(test) || !kinds.has('materialize')) return undefined;
    const [first = '', ...others] = readsOf(models, test);
    return others.length === 0 && isModelNode(models.nodes.get(first)) ? first : undefined;
  };
  const isLeft = (id: string): boolean => (ids ? ids.has(id) : !done.has(id));
  return new Set([...selected].filter((id) => isLeft(gatedBy(id) ?? id) || ids?.has(id)));
}

function needsModels({ kinds }: WorkScope): boolean {
  return kinds.has('materialize') || kinds.has('check') || kinds.has('sync');
}

function readModels(request: WorkRequest): Promise<ModelProject | undefined> {
  const { project, warehouse, env, log, openMemory, describeProject, warningRules } = request;
  const place = { dialect: warehouse.dialect.name, catalog: warehouse.catalog };
  const memory = openMemory === undefined ? {} : { openMemory };
  const describe = describeProject === undefined ? {} : { describeProject };
  const told = { nowMs: request.boundaryMs, ...(warningRules && { warningRules }) };
  return readProjectModels({ project, place, env, log, ...told, ...memory, ...describe });
}

function toPlanFault(fault: ModelFault): PlanFault {
  const code = fault.isRefused ? 'warning-refused' : 'model-invalid';
  return { id: fault.nodeId ?? fault.file, code, message: formatFault(fault) };
}

function modelNotes(models: ModelProject | undefined) {
  const all = models?.faults ?? [];
  const errors = all.filter(({ severity }) => severity === 'error');
  // No step would tell what is wrong with a node that is never built.
  const isSteps = ({ nodeId }: ModelFault): boolean =>
    nodeId !== undefined && !isAnalysisNode(models?.nodes.get(nodeId));
  const ofNodes = errors.filter(isSteps);
  const nodeFaults = new Map<string, PlanFault>();
  for (const fault of ofNodes.map(toPlanFault)) {
    const first = nodeFaults.get(fault.id);
    // One place may be at fault twice: a file that two drafts of one node stand in.
    const lines = new Set([...(first?.message.split('\n') ?? []), fault.message]);
    const message = [...lines].join('\n');
    nodeFaults.set(fault.id, { ...fault, message });
  }
  return {
    nodeFaults,
    faults: errors.filter((fault) => !isSteps(fault)).map(toPlanFault),
    warnings: all.filter(({ severity }) => severity === 'warning').map(formatFault),
  };
}

async function bindWork(
  {
    request,
    standing,
    streams,
    selected,
  }: Pick<Work, 'request' | 'standing' | 'streams' | 'selected'>,
  models: ModelProject,
) {
  const { warehouse, boundaryMs, invocationId, scope } = request;
  const columns = new Map<string, readonly KnownColumn[]>();
  const { catalog } = await standing.read();
  for (const node of models.nodes.values()) {
    if (!isSourceNode(node)) continue;
    const found = findSourceColumns(node, streams.chosen, catalog, warehouse.dialect);
    if (found) columns.set(node.id, found);
  }
  const sourceColumns = (id: string) => sortColumns(columns.get(id));
  const ids = [...selected].flatMap((id) => {
    const node = models.nodes.get(id);
    if (isUnitTestNode(node)) return [node.modelId];
    const isTest = isTestNode(node) && scope.kinds.has('check');
    return isModelNode(node) || isTest ? [id] : [];
  });
  const texts = await fingerprintNodes({ project: models, ids, sourceColumns });
  await using shadow = await warehouse.openShadow('bind');
  const result = await bindModels({
    project: models,
    shadow,
    session: warehouse,
    moment: { boundaryMs, invocationId, isFullRefresh: scope.fullRefresh ?? false },
    sourceColumns: async (node: SourceNode) => columns.get(node.id),
    seedColumns: async (node) => {
      const found = await readSeedColumns(`${models.root}/${node.file}`, {
        isDbt: models.isDbt,
        delimiter: delimiterOf(node.nodeConfig),
      });
      const written = new Map(
        Object.entries(asConfig(node.nodeConfig.raw['column_types'])).map(
          ([name, typeName]) => [name.toLowerCase(), String(typeName)] as const,
        ),
      );
      return found.map(({ name, type, isSmall }) => {
        const small = isSmall && models.isDbt ? smallIntegerType : undefined;
        const typeName = written.get(name.toLowerCase()) ?? small;
        return { name, typeName: typeName ?? warehouse.dialect.typeName(type) };
      });
    },
    ids,
    // Text that follows from the warehouse's answers, or names a file, is no key to what it binds
    // to.
    fingerprints: new Map(
      [...texts]
        .filter(([, text]) => !text.asksWarehouse && text.volatile === undefined)
        .map(([id, { boundAs }]) => [id, boundAs]),
    ),
    ...(request.bindCache ? { cache: request.bindCache } : {}),
  });
  request.bindCache?.save();
  const asks = [...texts.values()].some(({ asksWarehouse }) => asksWarehouse);
  // Those texts are taken from the columns as bound, which are the same before and after a build;
  // never from rows: a table that is added to would be built anew whenever they change.
  const fingerprints = asks
    ? await fingerprintNodes({
        project: models,
        ids,
        sourceColumns,
        warehouse: { describe: result.describe },
      })
    : texts;
  const failures = result.failures.map(
    (fault) => [fault.nodeId ?? '', toPlanFault(fault)] as const,
  );
  return {
    fingerprints,
    bound: result.nodes,
    outside: result.outside,
    sourceColumns: columns,
    nodeFaults: new Map(failures),
  };
}

/** A source's columns stand in another order once they have drifted: the same set is the same. */
function sortColumns(
  columns: readonly KnownColumn[] | undefined,
): readonly Pick<Column, 'name' | 'typeName'>[] | undefined {
  return columns?.toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

function deferOf({ scope, warehouse }: WorkRequest): DeferRequest {
  return { defer: scope.defer, session: warehouse, catalog: warehouse.catalog };
}
