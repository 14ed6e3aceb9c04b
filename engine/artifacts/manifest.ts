import { createHash } from 'node:crypto';
import { asConfig, asTexts, type Config } from '../declare/config.ts';
import type { Graph, GraphNode } from '../declare/graph.ts';
import {
  isExposureNode,
  isFileNode,
  isSourceNode,
  isTestNode,
  isUnitTestNode,
  type ProjectNode,
} from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { isSemanticNode } from '../declare/semantic-node.ts';
import { once } from '../words/once.ts';
import { manifestDocs, manifestExposure, manifestGroup } from './manifest-exposure.ts';
import { manifestMacros } from './manifest-macro.ts';
import { manifestNode } from './manifest-node.ts';
import { manifestOperations } from './manifest-operation.ts';
import { manifestSelectors } from './manifest-selectors.ts';
import { manifestSemantic, manifestSemantics } from './manifest-semantic.ts';
import { manifestSource } from './manifest-source.ts';
import {
  gatherManifestSources,
  type ManifestRequest,
  type ManifestSources,
} from './manifest-sources.ts';
import { manifestTest, manifestUnitTest } from './manifest-test.ts';
import { artifactMetadata } from './metadata.ts';

type Entries = Record<string, Config>;

/** dbt's `manifest.json`, version 12: the project as its files say it is. */
export interface Manifest {
  readonly metadata: Config;
  readonly nodes: Entries;
  readonly sources: Entries;
  readonly macros: Entries;
  readonly docs: Entries;
  readonly exposures: Entries;
  readonly metrics: Entries;
  readonly groups: Entries;
  readonly selectors: Entries;
  readonly disabled: Record<string, readonly Config[]>;
  readonly parent_map: Record<string, readonly string[]>;
  readonly child_map: Record<string, readonly string[]>;
  readonly group_map: Record<string, readonly string[]>;
  readonly saved_queries: Entries;
  readonly semantic_models: Entries;
  readonly unit_tests: Entries;
}

/** Reads seeds and files of snapshots for their checksums; everything else is in the project. */
export async function buildManifest(request: ManifestRequest): Promise<Manifest> {
  const from = await gatherManifestSources(request);
  const nodes: Entries = {};
  for (const id of entryIds(request.project)) nodes[id] = manifestEntry(from, id);
  Object.assign(nodes, manifestOperations(from));
  const rest = Object.entries(manifestRest(from)).map(([name, make]) => [name, make()] as const);
  return { metadata: manifestMetadata(request), nodes, ...(Object.fromEntries(rest) as Rest) };
}

export function manifestMetadata({ project, moment }: ManifestRequest): Config {
  return {
    ...artifactMetadata('manifest', moment),
    project_name: project.name,
    project_id: createHash('md5').update(project.name).digest('hex'),
    user_id: null,
    send_anonymous_usage_stats: false,
    adapter_type: project.target.type,
    quoting: { database: true, schema: true, identifier: true, column: null },
  };
}

/** What has an entry among `nodes`, in the order of the entries; operations come behind. */
export function entryIds(project: ModelProject): string[] {
  const { nodes, order } = project.graph;
  return order.filter((id) => {
    const node = nodes.get(id);
    return isFileNode(node) || isTestNode(node);
  });
}

/** @throws where there is no such node of SQL. */
export function manifestEntry(from: ManifestSources, id: string): Config {
  const node = from.project.nodes.get(id);
  if (isFileNode(node)) return manifestNode(from, node);
  if (isTestNode(node)) return manifestTest(from, node);
  throw new Error(`${id} has no entry among nodes`);
}

/** As far as the graph goes: not all of each is needed for what stands. */
function nodesOf({ graph }: ModelProject): GraphNode[] {
  return graph.order.flatMap((id) => graph.nodes.get(id) ?? []).filter(isDbts);
}

type Rest = Omit<Manifest, 'metadata' | 'nodes'>;

/** All that stands behind `nodes`, in its order, each part made when it is asked for. */
export function manifestRest(from: ManifestSources): {
  readonly [N in keyof Rest]: () => Rest[N];
} {
  const { project } = from;
  const all = once(() => nodesOf(project));
  const byType = once(() => Map.groupBy(all(), ({ resourceType }) => resourceType));
  const whole = (type: GraphNode['resourceType']): ProjectNode[] =>
    (byType().get(type) ?? []).flatMap(({ id }) => project.nodes.get(id) ?? []);
  const semantics = once(() => manifestSemantics(from));
  const links = once(() => {
    const { graph } = project;
    return { graph, all: all(), known: knownIds(all()), operations: manifestOperations(from) };
  });
  return {
    sources: () =>
      entriesOf(whole('source').filter(isSourceNode), (node) => manifestSource(from, node)),
    macros: () => manifestMacros(from),
    docs: () => manifestDocs(from),
    exposures: () =>
      entriesOf(whole('exposure').filter(isExposureNode), (node) => manifestExposure(from, node)),
    semantic_models: () => semantics().semantic_models,
    metrics: () => semantics().metrics,
    saved_queries: () => semantics().saved_queries,
    groups: () => entriesOf(project.groups, (group) => manifestGroup(from, group)),
    selectors: () => manifestSelectors(project.selectors),
    disabled: () => {
      const off = Map.groupBy(project.disabled, ({ id }) => id);
      const entries = [...off].map(([id, nodes]) => [
        id,
        nodes.map((node) => offEntry(from, node)),
      ]);
      return Object.fromEntries(entries);
    },
    parent_map: () => parentMap(links()),
    child_map: () => childMap(links()),
    group_map: () => groupMapOf(from, semantics()),
    unit_tests: () =>
      entriesOf(whole('unit_test').filter(isUnitTestNode), (node) => manifestUnitTest(from, node)),
  };
}

/** A node that is switched off, as its kind is told: it is made of no others. */
function offEntry(from: ManifestSources, node: ProjectNode): Config {
  if (isFileNode(node)) return manifestNode(from, node);
  if (isTestNode(node)) return manifestTest(from, node);
  if (isUnitTestNode(node)) return manifestUnitTest(from, node);
  if (isSourceNode(node)) return manifestSource(from, node);
  if (isExposureNode(node)) return manifestExposure(from, node);
  if (isSemanticNode(node)) return manifestSemantic(from, node, []);
  throw new Error(`${node.id} has no entry among what is off`);
}

/** The manifest as templates see it in `graph`: of no run, at no time. */
export async function describeProject(project: ModelProject): Promise<Config> {
  const moment = { invocationId: '', startedAtMs: 0, generatedAtMs: 0 };
  return { ...(await buildManifest({ project, moment, compiled: new Map() })) };
}

/** Streams and syncs are ours: dbt's manifest has no place for them. */
function isDbts(node: GraphNode): boolean {
  return node.resourceType !== 'stream' && node.resourceType !== 'sync';
}

function entriesOf<N extends { readonly id: string }>(
  nodes: readonly N[],
  toEntry: (node: N) => Config,
): Entries {
  return Object.fromEntries(nodes.map((node) => [node.id, toEntry(node)]));
}

/** Ids of the nodes of each group, by its name. */
function groupMapOf(
  from: ManifestSources,
  semantics: ReturnType<typeof manifestSemantics>,
): Record<string, readonly string[]> {
  const { groups } = from.project;
  if (groups.length === 0) return {};
  const members = entryIds(from.project).map((id) => [id, manifestEntry(from, id)['group']]);
  for (const entries of [semantics.semantic_models, semantics.metrics]) {
    for (const [id, entry] of Object.entries(entries)) members.push([id, entry['group']]);
  }
  return Object.fromEntries(
    groups.map(({ name }) => [
      name,
      members.flatMap(([id, group]) => (group === name ? [String(id)] : [])),
    ]),
  );
}

/** Of ids those that are in the manifest, in order. */
type KnownIds = (list: readonly string[]) => readonly string[];

function knownIds(all: readonly GraphNode[]): KnownIds {
  const ids = new Set(all.map(({ id }) => id));
  return (list) => {
    const known = list.every((id) => ids.has(id)) ? list : list.filter((id) => ids.has(id));
    return known.length > 1 ? known.toSorted() : known;
  };
}

function readsOf(known: KnownIds, operations: Entries): (readonly [string, readonly string[]])[] {
  return Object.entries(operations).map(
    ([id, operation]) => [id, known(asTexts(asConfig(operation['depends_on'])['nodes']))] as const,
  );
}

interface LinkRequest {
  readonly graph: Graph;
  readonly all: readonly GraphNode[];
  readonly known: KnownIds;
  readonly operations: Entries;
}

function parentMap({ graph, all, known, operations }: LinkRequest): Manifest['parent_map'] {
  const map: Record<string, readonly string[]> = {};
  for (const { id } of all) map[id] = known(graph.parentsOf(id));
  for (const [id, reads] of readsOf(known, operations)) map[id] = reads;
  return map;
}

/** Children in the order of their ids, and runs' hooks behind them. */
function childMap({ graph, all, known, operations }: LinkRequest): Manifest['child_map'] {
  const children = new Map(all.map(({ id }): [string, string[]] => [id, []]));
  for (const { id } of all) {
    for (const parent of graph.parentsOf(id)) children.get(parent)?.push(id);
  }
  for (const list of children.values()) if (list.length > 1) list.sort();
  const ends = readsOf(known, operations);
  for (const [end, reads] of ends) {
    for (const id of new Set(reads)) children.get(id)?.push(end);
  }
  for (const [id] of ends) children.set(id, []);
  return Object.fromEntries(children);
}
