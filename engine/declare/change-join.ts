import { findPlaces } from '../words/find-places.ts';
import type { ChangeReach } from './change-reach.ts';
import { reportMisspelt } from './config-names.ts';
import { reportUnusedConfig } from './config-paths.ts';
import { deprecatedAtMs } from './deprecated-models.ts';
import { buildGraph, compareIds, type Graph, type GraphNode } from './graph.ts';
import { internalPackage, type MacroEntry } from './macro-library.ts';
import { digestText } from './memory/memory.ts';
import { isPlainJson, isSameJson } from './memory/plain-json.ts';
import { collectFaults } from './model-fault.ts';
import {
  isModelNode,
  isSourceNode,
  isTestNode,
  type ModelNode,
  type ProjectNode,
  type TestNode,
} from './model-node.ts';
import type { StoredOutline } from './project-outline.ts';
import type { ModelProject, NodeChange, ProjectChange } from './project-shape.ts';
import {
  digestOf,
  outlineOf,
  restOf,
  type Stored,
  type StoredMacroUse,
  type StoredRest,
  withoutText,
} from './project-snapshot.ts';
import { type BuiltName, builtNames, reportSharedRelations } from './shared-relations.ts';
import { reportUnreadConfig } from './unread-config.ts';

/** The nodes that were read again, and what of the others there is no more. */
export interface NodesNow {
  readonly reach: ChangeReach;
  readonly nodes: readonly (ModelNode | TestNode)[];
  readonly gone: ReadonlySet<string>;
  /** What each of the nodes looked at, and everything else that was read. */
  readonly macros: readonly (readonly [id: string, macros: ReadonlySet<MacroEntry>])[];
  readonly others: ReadonlySet<string>;
}

export interface JoinRequest {
  readonly stored: Stored;
  readonly before: Omit<ModelProject, 'log'>;
  textOf(file: string): string | undefined;
}

export interface JoinedChange {
  /** With the texts of the nodes that were read. */
  readonly whole: Stored;
  /** Of its nodes; absent: nobody needed it on the way. */
  readonly graph?: Graph;
  /** As it is kept: without them. */
  slim(): Stored;
}

/** What was kept with the nodes of now; undefined where the rest of it may not stand. */
export function joinChange(request: JoinRequest, now: NodesNow): JoinedChange | undefined {
  const { stored, before, textOf } = request;
  const { outline, details, rest } = stored;
  const changed = new Map<string, ModelNode | TestNode>();
  const changes: NodeChange[] = [];
  const news = new Set(now.nodes.map(({ id }) => id));
  // Two tests of one name, or a name of a node that stands.
  if (news.size !== now.nodes.length) return undefined;
  for (const node of now.nodes) {
    const old = before.nodes.get(node.id);
    const isOthers = old && isTestNode(node) && !now.gone.has(node.id);
    if (isOthers) return undefined;
    const digest = digestOf(node);
    if (old && digestOf(old) === digest) continue;
    if (!isPlainJson(node)) return undefined;
    if (!stands(before, old, node)) return undefined;
    changed.set(node.id, node);
    const isLinked = !isSameJson(old?.dependsOn, node.dependsOn);
    const seen = { isSeen: isSeen(old, node), isLinked };
    changes.push({ id: node.id, digest, ...seen, ...testedOf(node) });
  }
  const gone = [...now.gone].filter((id) => !news.has(id));
  for (const id of gone) {
    const seen = { isSeen: true, isLinked: true };
    changes.push({ id, digest: '', ...seen, ...testedOf(before.nodes.get(id)) });
  }
  const kept = { gone: new Set(gone), changed };
  const names = joinNames(details.builtNames, kept);
  if (changes.length > 0 && !areApart(before, kept, names)) return undefined;
  if (!areRead(before, changed) || !areCurrent(before, kept)) return undefined;
  if (!areConfigured(before, kept)) return undefined;
  const nodes = listNodes(outline, kept);
  const { order, graph } = orderNodes(outline, before, nodes, kept);
  if (order === undefined) return undefined;
  const placeOf = findPlaces(outline.nodes.map(({ id }) => id));
  const restNow = (slim: (node: ModelNode | TestNode) => ModelNode | TestNode): StoredRest => ({
    count: nodes.length,
    at: (index) => {
      const { id = '' } = nodes[index] ?? {};
      const one = changed.get(id);
      return one ? JSON.stringify(restOf(slim(one))) : rest.at(placeOf(id, index) ?? -1);
    },
  });
  const all = {
    outline: { ...outline, ...markChange(outline, now, changes, textOf), nodes, order },
    details: {
      ...details,
      builtNames: [...names.standing, ...names.added],
      macroUse: joinMacroUse(details.macroUse, now),
    },
  };
  return {
    whole: { ...all, rest: restNow((node) => node) },
    ...(graph && { graph }),
    slim: () => ({ ...all, rest: restNow((node) => withoutText(node, textOf)) }),
  };
}

function testedOf(node: ProjectNode | undefined): { readonly testedId?: string } {
  return isTestNode(node) && node.testedId !== undefined ? { testedId: node.testedId } : {};
}

/** What templates that name the node are told of it. */
function faceOf(node: ProjectNode | undefined): unknown {
  if (!isModelNode(node)) return undefined;
  const { resourceType, relation, nodeConfig, version, latestVersion } = node;
  return [resourceType, relation, nodeConfig.materialization, version, latestVersion];
}

function isSeen(old: ProjectNode | undefined, node: ProjectNode): boolean {
  return old !== undefined && !isSameJson(faceOf(old), faceOf(node));
}

/** Whether what is checked of nodes that name each other was not touched. */
function stands(
  before: JoinRequest['before'],
  old: ProjectNode | undefined,
  node: ModelNode | TestNode,
): boolean {
  if (isTestNode(node)) return !before.isGuarded;
  const was = isModelNode(old) ? old : undefined;
  const access = [was, node].map((one) => {
    const { access: level, group } = one?.nodeConfig.raw ?? {};
    return [level, group];
  });
  if (!isSameJson(access[0], access[1])) return false;
  if (before.isGuarded && !isSameJson(was?.dependsOn, node.dependsOn)) return false;
  // A stream that nobody asks for any more is no source.
  return (was?.dependsOn ?? []).every((id) => {
    const source = before.nodes.get(id);
    return node.dependsOn.includes(id) || !isSourceNode(source) || source.file !== '';
  });
}

interface Kept {
  readonly gone: ReadonlySet<string>;
  readonly changed: ReadonlyMap<string, ModelNode | TestNode>;
}

/** Names that nodes are built under: of those that stand, and of those that were read. */
interface NamesNow {
  readonly standing: readonly BuiltName[];
  readonly added: readonly BuiltName[];
}

function joinNames(before: readonly BuiltName[], { changed, gone }: Kept): NamesNow {
  return {
    standing: before.filter(([, id]) => !changed.has(id) && !gone.has(id)),
    added: builtNames([...changed.values()].filter(isModelNode)),
  };
}

/** Of these nothing follows from the config of what they read. */
const apart: ReadonlySet<string> = new Set(['model', 'snapshot', 'analysis', 'test']);

/** Whether nothing is made of the changed nodes but what is made of their names. */
function areApart(
  before: JoinRequest['before'],
  { changed }: Kept,
  { standing, added }: NamesNow,
): boolean {
  let isFaced = false;
  for (const [id, node] of changed) {
    const old = before.nodes.get(id);
    if (!isModelNode(node)) continue;
    const isSame = isModelNode(old) && isSameJson(old.nodeConfig, node.nodeConfig);
    isFaced ||= !isSameJson(faceOf(old), faceOf(node));
    if (old === undefined || (isSame && old.version === node.version)) continue;
    const { graph } = before;
    const kinds = graph.childrenOf(id).map((child) => graph.nodes.get(child)?.resourceType);
    if (kinds.some((kind) => kind !== undefined && !apart.has(kind))) {
      return false;
    }
  }
  if (!isFaced) return true;
  // Two nodes of one relation: which of them is at fault says who came first.
  if (before.faults.some(({ severity }) => severity === 'error')) return false;
  const faults = collectFaults();
  reportSharedRelations([...changed.values()].filter(isModelNode), faults);
  const taken = new Set(standing.map(([key]) => key));
  return faults.all.length === 0 && !added.some(([key]) => taken.has(key));
}

/** What is said of keys that nobody reads counts all nodes that have them. */
function areRead(
  { nodes, name, target }: JoinRequest['before'],
  changed: Kept['changed'],
): boolean {
  const faults = collectFaults();
  for (const node of changed.values()) {
    const both = [nodes.get(node.id), node].filter(isModelNode);
    const [was, is] = both.map(({ nodeConfig }) => nodeConfig.raw);
    if (isSameJson(was, is)) continue;
    reportUnreadConfig(both, target.database, faults);
    reportMisspelt(both, name, faults);
  }
  return faults.all.length === 0;
}

/** What is said of models with a date of deprecation is said of all who read them. */
function areCurrent({ nodes }: JoinRequest['before'], { changed, gone }: Kept): boolean {
  const isDated = (id: string): boolean => {
    const both = [nodes.get(id), changed.get(id)].filter(isModelNode);
    return both.some((node) => deprecatedAtMs(node) !== undefined);
  };
  const reads = (id: string) =>
    [nodes.get(id), changed.get(id)].flatMap((one) => one?.dependsOn ?? []);
  return ![...changed.keys(), ...gone].some((id) => isDated(id) || reads(id).some(isDated));
}

/** Whether config of folders applies to as much as before, where nodes came or went. */
function areConfigured(before: JoinRequest['before'], { changed, gone }: Kept): boolean {
  const paths = before.packages[0]?.configPaths ?? [];
  const { nodes } = before.graph;
  if (gone.size === 0 && [...changed.keys()].every((id) => nodes.has(id))) return true;
  const unusedBy = (all: Iterable<GraphNode>): readonly unknown[] => {
    const faults = collectFaults();
    reportUnusedConfig(paths, all, before.disabled, faults);
    return faults.all;
  };
  const standing = [...nodes.values()].filter(({ id }) => !gone.has(id) && !changed.has(id));
  return isSameJson(unusedBy(nodes.values()), unusedBy([...standing, ...changed.values()]));
}

function listNodes({ nodes }: StoredOutline, { changed, gone }: Kept): GraphNode[] {
  const added = new Map(changed);
  const list: GraphNode[] = [];
  for (const node of nodes) {
    if (gone.has(node.id)) continue;
    const now = added.get(node.id);
    list.push(now ? outlineOf(now) : node);
    added.delete(node.id);
  }
  if (added.size === 0) return list;
  return [...list, ...[...added.values()].map(outlineOf)].sort(compareIds);
}

/** By place in `nodes`; none where nodes wait for each other. */
function orderNodes(
  { nodes: old, order, cycles }: StoredOutline,
  before: JoinRequest['before'],
  nodes: readonly GraphNode[],
  { changed, gone }: Kept,
): { readonly order?: readonly number[]; readonly graph?: Graph } {
  const isSame = [...changed].every(([id, node]) =>
    isSameJson(before.graph.nodes.get(id)?.dependsOn, node.dependsOn),
  );
  if (isSame && gone.size === 0 && old.length === nodes.length) return { order };
  if (cycles.length > 0) return {};
  const graph = buildGraph(nodes);
  if (graph.cycles.length > 0) return {};
  const places = new Map(nodes.map(({ id }, index) => [id, index]));
  return { order: graph.order.map((id) => places.get(id) ?? -1), graph };
}

function joinMacroUse(stored: StoredMacroUse, now: NodesNow): StoredMacroUse {
  const read = new Set([...now.macros.map(([id]) => id), ...now.gone]);
  const byMacro = new Map<string, string[]>();
  for (const [macro, ids] of stored.byMacro) {
    byMacro.set(
      macro,
      ids.filter((id) => !read.has(id)),
    );
  }
  for (const [id, macros] of now.macros) {
    for (const { id: macro, packageName } of macros) {
      if (packageName === internalPackage) continue;
      byMacro.set(macro, [...(byMacro.get(macro) ?? []), id]);
    }
  }
  return { byMacro: [...byMacro], others: [...new Set([...stored.others, ...now.others])] };
}

/** The same files make the same project, whoever read them and in which order. */
function markChange(
  { stamp, change }: StoredOutline,
  { reach }: NodesNow,
  changes: readonly NodeChange[],
  textOf: JoinRequest['textOf'],
): { readonly stamp: string; readonly change: ProjectChange } {
  const nodes = new Map((change?.nodes ?? []).map((one) => [one.id, one]));
  for (const one of changes) {
    const was = nodes.get(one.id);
    const isSeen = one.isSeen || was?.isSeen === true;
    const isLinked = one.isLinked || was?.isLinked === true;
    nodes.set(one.id, { ...one, isSeen, isLinked });
  }
  const macros = new Map([...(change?.macros ?? []), ...reach.macros]);
  const files = new Map(change?.files);
  for (const file of reach.files) {
    const text = textOf(file);
    files.set(file, text === undefined ? '' : digestText(text));
  }
  const base = change?.stamp ?? stamp;
  return {
    stamp: digestText(JSON.stringify([base, [...files].toSorted()])),
    change: { stamp: base, files: [...files], nodes: [...nodes.values()], macros: [...macros] },
  };
}
