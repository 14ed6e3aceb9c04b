import { lazyMap } from '../words/lazy-map.ts';
import { once } from '../words/once.ts';
import type { DocsBlockNode } from './docs-blocks.ts';
import type { Graph, GraphNode } from './graph.ts';
import type { Template } from './jinja/ast.ts';
import { lazyTemplate } from './lazy-template.ts';
import { buildMacroLibrary, type MacroLibrary } from './macro-library.ts';
import type { MacroUse } from './macro-use.ts';
import type { LineList } from './memory/line-list.ts';
import { digestText } from './memory/memory.ts';
import { isPlainJson } from './memory/plain-json.ts';
import type { ProjectMemory } from './memory/project-memory.ts';
import { collectFaults } from './model-fault.ts';
import {
  type AnalysisNode,
  type GroupNode,
  isFileNode,
  isModelNode,
  isSourceNode,
  type ModelNode,
  type ProjectNode,
} from './model-node.ts';
import { indexNodes, type NodeIndex } from './node-index.ts';
import type { ProjectPackage } from './package-source.ts';
import { graphOf, keyOfOptions, type StoredOutline } from './project-outline.ts';
import { type ModelProject, type ModelProjectOptions, targetPathDefault } from './project-shape.ts';
import type { PlacedEntry } from './properties.ts';
import { type BuiltName, builtNames } from './shared-relations.ts';
import { restoreSources } from './source-index.ts';
import type { Spoken } from './spoken.ts';
import { collectVars, type Vars } from './vars.ts';

/** What the outline leaves out of all nodes, in their order, as JSON. */
export type StoredRest = LineList;

/** What is no node's, or of nodes that are switched off. */
export interface StoredDetails {
  readonly disabled: readonly ProjectNode[];
  readonly broken: readonly string[];
  readonly docs: readonly DocsBlockNode[];
  readonly groups: readonly GroupNode[];
  readonly macroPatches: readonly (readonly [string, PlacedEntry])[];
  /** Nodes without a template, though others of their kind have one. */
  readonly bare: readonly string[];
  /** Of all models: one that is new must share none, and reads no other for that. */
  readonly builtNames: readonly BuiltName[];
  readonly macroUse: StoredMacroUse;
  readonly isGuarded: boolean;
  readonly packages: readonly StoredPackage[];
}

/** Macros without their texts: those are their files'. */
interface StoredPackage extends Omit<ProjectPackage, 'dispatch'> {
  readonly dispatch: readonly (readonly [string, readonly string[]])[];
}

export interface StoredMacroUse {
  readonly byMacro: readonly (readonly [macro: string, nodes: readonly string[]])[];
  readonly others: readonly string[];
}

const outlineKeys = {
  id: true,
  resourceType: true,
  name: true,
  packageName: true,
  fqn: true,
  file: true,
  tags: true,
  config: true,
  dependsOn: true,
  sourceName: true,
  patchFile: true,
  packageFolder: true,
  version: true,
  latestVersion: true,
  testName: true,
  testType: true,
} as const satisfies Record<keyof GraphNode, true>;

function isOutlineKey(key: string): key is keyof GraphNode {
  return Object.hasOwn(outlineKeys, key);
}

export interface StoreRequest {
  readonly options: ModelProjectOptions;
  readonly project: ModelProject;
  readonly env: StoredOutline['env'];
  readonly spoken: readonly Spoken[];
  textOf(file: string): string | undefined;
}

/** Undefined where a node holds what JSON cannot: such a project is put together each time. */
export function storeProject(
  request: StoreRequest,
): { outline: StoredOutline; details: StoredDetails; rest: StoredRest } | undefined {
  const { options, project, env, spoken, textOf } = request;
  const { name, isDbt, graph, faults, templates } = project;
  const nodes = [...project.nodes.values()];
  const places = new Map(nodes.map((node, index) => [node.id, index]));
  const slim = <N extends ProjectNode>(node: N): N => withoutText(node, textOf);
  const outline: StoredOutline = {
    key: keyOfOptions(options),
    stamp: project.stamp,
    env,
    spoken,
    name,
    isDbt,
    packageNames: project.packages.map((pack) => pack.name),
    nodes: nodes.map(outlineOf),
    order: graph.order.map((id) => places.get(id) ?? -1),
    cycles: graph.cycles,
    selectors: project.selectors,
    faults,
  };
  const details: StoredDetails = {
    disabled: project.disabled.map(slim),
    broken: [...project.broken],
    docs: [...project.docs.values()],
    groups: project.groups,
    macroPatches: [...project.macroPatches],
    bare: [...nodes, ...project.disabled]
      .filter(isFileNode)
      .map((node) => node.id)
      .filter((id) => !templates.has(id)),
    builtNames: builtNames(nodes.filter(isModelNode)),
    macroUse: {
      byMacro: [...project.macroUse.byMacro],
      others: [...project.macroUse.others],
    },
    isGuarded: project.isGuarded,
    packages: project.packages.map((pack) => ({
      ...pack,
      macros: pack.macros.map((macro) => ({ ...macro, text: '' })),
      dispatch: [...pack.dispatch],
    })),
  };
  const rest = nodes.map((node) => restOf(slim(node)));
  const isPlain = [outline, details, rest].every((part) => isPlainJson(part));
  const lines = { count: rest.length, at: (index: number) => JSON.stringify(rest[index]) };
  return isPlain ? { outline, details, rest: lines } : undefined;
}

function pick(node: ProjectNode, isOutline: boolean): object {
  const picked: Record<string, unknown> = {};
  for (const key in node) {
    if (isOutlineKey(key) === isOutline) picked[key] = node[key as keyof ProjectNode];
  }
  return picked;
}

/** A node as far as the graph goes. */
export function outlineOf(node: ProjectNode): GraphNode {
  return pick(node, true) as GraphNode;
}

/** All of a node as a text that another one has only if it is the same. */
export function digestOf(node: ProjectNode): string {
  const { text, ...rest } = restOf(node) as { readonly text?: string };
  return digestText(JSON.stringify([outlineOf(node), rest, text]));
}

/** What the outline leaves out of a node. */
export function restOf(node: ProjectNode): object {
  return pick(node, false);
}

/** A text that is its file's stands in the memory already. */
export function withoutText<N extends ProjectNode>(node: N, textOf: StoreRequest['textOf']): N {
  const isFiles = hasText(node) && 'text' in node && node.text === textOf(node.file);
  return isFiles ? { ...node, text: undefined } : node;
}

/** Nodes that hold the text of their file. */
function hasText(node: ProjectNode): boolean {
  return isFileNode(node) || node.resourceType === 'test';
}

/** What templates of the project look at, made when they do. */
export interface StoredReading {
  packages(): readonly ProjectPackage[];
  library(): MacroLibrary;
  vars(): Vars;
}

function restoreMacroUse({ byMacro, others }: StoredMacroUse): MacroUse {
  return { byMacro: new Map(byMacro), others: new Set(others) };
}

/** `textOf` answers the texts of files of macros. */
export function restoreReading(
  options: ModelProjectOptions,
  memory: ProjectMemory,
  details: StoredDetails,
  textOf: (file: string) => string | undefined = memory.textOf,
): StoredReading {
  const packages = once(() =>
    details.packages.map((pack) => ({
      ...pack,
      macros: pack.macros.map((macro) => ({ ...macro, text: textOf(macro.file) ?? '' })),
      dispatch: new Map(pack.dispatch),
    })),
  );
  const { type } = options.target;
  return {
    packages,
    library: once(() => buildMacroLibrary(packages(), type, collectFaults(), memory.parsed)),
    vars: once(() => collectVars(details.packages, options.vars ?? {})),
  };
}

export interface Stored {
  readonly outline: StoredOutline;
  readonly details: StoredDetails;
  readonly rest: StoredRest;
}

/** All that was kept with an outline. */
export function recallAll(memory: ProjectMemory, outline: StoredOutline): Stored | undefined {
  const details = memory.recall('details') as StoredDetails | undefined;
  const rest = memory.recallRest();
  return details && rest && { outline, details, rest };
}

/**
 * The project as it was; nodes, macros and templates are read when they are asked for. Undefined
 * where a text is not in the memory.
 */
export function restoreProject(
  options: ModelProjectOptions,
  memory: ProjectMemory,
  { outline, details, rest }: Stored,
  known: { readonly reading?: StoredReading; readonly graph?: Graph } = {},
): Omit<ModelProject, 'log'> | undefined {
  const reading = known.reading ?? restoreReading(options, memory, details);
  const macroFiles = details.packages.flatMap(({ macros }) => macros.map(({ file }) => file));
  const files = [...macroFiles, ...outline.nodes.filter(isFromText).map(({ file }) => file)];
  const isWhole = files.every((file) => memory.knowsText(file));
  if (!isWhole || rest.count !== outline.nodes.length) return undefined;
  const whole = <N extends ProjectNode>(node: N): N =>
    hasText(node) && !('text' in node) ? { ...node, text: memory.textOf(node.file) ?? '' } : node;
  const nodes = lazyMap(
    outline.nodes.map(({ id }) => id),
    (index): ProjectNode =>
      whole({ ...outline.nodes[index], ...JSON.parse(rest.at(index)) } as ProjectNode),
  );
  const disabled = details.disabled.map(whole);
  const models = outline.nodes.filter(isModelNode);
  const off = disabled.filter(isModelNode);
  const { root, target, env, connections = [] } = options;
  const graph = once(() => known.graph ?? graphOf(outline, outline.nodes));
  const sources = once(() => {
    const found = outline.nodes.flatMap(({ id }) => (id.startsWith('source.') ? id : []));
    const list = found.flatMap((id) => nodes.get(id) ?? []).filter(isSourceNode);
    return restoreSources(list, connections, outline.packageNames);
  });
  const { change } = outline;
  return {
    root,
    targetPath: options.targetPath ?? targetPathDefault,
    stamp: outline.stamp,
    ...(change && { change }),
    get macroUse() {
      return restoreMacroUse(details.macroUse);
    },
    isGuarded: details.isGuarded,
    target,
    env,
    memory: memory.rendered,
    name: outline.name,
    isDbt: outline.isDbt,
    vars: {
      find: (name, packageName) => reading.vars().find(name, packageName),
      names: () => reading.vars().names(),
    },
    get library() {
      return reading.library();
    },
    get packages() {
      return reading.packages();
    },
    docs: new Map(details.docs.map((block) => [block.id, block])),
    groups: details.groups,
    macroPatches: new Map(details.macroPatches),
    nodes,
    disabled,
    templates: restoreTemplates(
      outline.nodes.filter(isFileNode),
      disabled.filter(isFileNode),
      nodes,
      new Set(details.bare),
    ),
    refs: restoreRefs(models, off, nodes, outline.packageNames),
    get sources() {
      return sources();
    },
    get graph() {
      return graph();
    },
    selectors: outline.selectors,
    faults: outline.faults,
    broken: new Set(details.broken),
  };
}

/** Nodes whose text is their file's. */
function isFromText({ resourceType, testType }: GraphNode): boolean {
  const isText = ['model', 'snapshot', 'analysis'].includes(resourceType);
  return isText || testType === 'singular';
}

function restoreRefs(
  models: readonly GraphNode[],
  disabled: readonly ModelNode[],
  nodes: ModelProject['nodes'],
  packageNames: readonly string[],
): NodeIndex<ModelNode> {
  const index = once(() => indexNodes(models, disabled, packageNames));
  return {
    find: (call, packageName) => {
      const found = index().find(call, packageName);
      const node = 'id' in found ? nodes.get(found.id) : undefined;
      if (isModelNode(node)) return node;
      return 'id' in found ? { complaint: `"${call.name}" is no model` } : found;
    },
  };
}

/** Templates are parsed when they are asked for: most commands need none, or few. */
function restoreTemplates(
  models: readonly GraphNode[],
  disabled: readonly (ModelNode | AnalysisNode)[],
  nodes: ModelProject['nodes'],
  bare: ReadonlySet<string>,
): ModelProject['templates'] {
  const off = new Map(disabled.map((node) => [node.id, node]));
  const ids = new Set([...models, ...disabled].map(({ id }) => id).filter((id) => !bare.has(id)));
  const made = new Map<string, Template>();
  return {
    has: (id) => ids.has(id),
    get: (id) => {
      const known = made.get(id);
      if (known || !ids.has(id)) return known;
      // One that is switched off may share its id with the one that is meant: that one wins.
      const node = nodes.get(id) ?? off.get(id);
      if (!isFileNode(node)) return undefined;
      const template = templateOf(node);
      made.set(id, template);
      return template;
    },
  };
}

/** Several snapshots may stand in one file, each in a block of its name. */
function templateOf(node: ModelNode | AnalysisNode): Template {
  const template = lazyTemplate(node.file, node.text);
  if (node.resourceType !== 'snapshot') return template;
  for (const block of template.body) {
    if (block.kind === 'snapshot' && block.name === node.name) {
      return { ...template, body: block.body };
    }
  }
  return template;
}
