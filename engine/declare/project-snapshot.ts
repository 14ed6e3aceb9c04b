import type { DocsBlockNode } from './docs-blocks.ts';
import type { GraphNode } from './graph.ts';
import type { Template } from './jinja/ast.ts';
import { lazyTemplate } from './lazy-template.ts';
import { buildMacroLibrary } from './macro-library.ts';
import { isPlainJson } from './memory/plain-json.ts';
import type { ProjectMemory } from './memory/project-memory.ts';
import { collectFaults } from './model-fault.ts';
import {
  type GroupNode,
  isModelNode,
  isSourceNode,
  type ModelNode,
  type ProjectNode,
} from './model-node.ts';
import { indexNodes } from './node-index.ts';
import { graphOf, keyOfOptions, type Spoken, type StoredOutline } from './project-outline.ts';
import type { ModelProject, ModelProjectOptions } from './project-shape.ts';
import type { PlacedEntry } from './properties.ts';
import { readPackages } from './read-packages.ts';
import { restoreSources } from './source-index.ts';
import { collectVars, type Vars } from './vars.ts';

/** What the outline leaves out. With it, this is the one place where nodes are written and read. */
export interface StoredDetails {
  /** Of the outline's nodes, in their order. */
  readonly rest: readonly object[];
  readonly disabled: readonly ModelNode[];
  readonly broken: readonly string[];
  readonly docs: readonly DocsBlockNode[];
  readonly groups: readonly GroupNode[];
  readonly macroPatches: readonly (readonly [string, PlacedEntry])[];
  /** Nodes without a template, though others of their kind have one. */
  readonly bare: readonly string[];
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
): { outline: StoredOutline; details: StoredDetails } | undefined {
  const { options, project, env, spoken, textOf } = request;
  const { name, isDbt, graph, faults, templates } = project;
  const nodes = [...project.nodes.values()];
  const disabled = [...project.disabled.values()];
  const places = new Map(nodes.map((node, index) => [node.id, index]));
  // A text that is its file's stands in the memory already.
  const slim = <N extends ProjectNode>(node: N): N =>
    hasText(node) && 'text' in node && node.text === textOf(node.file)
      ? { ...node, text: undefined }
      : node;
  const pick = (node: ProjectNode, isWanted: (key: string) => boolean): object =>
    Object.fromEntries(Object.entries(node).filter(([key]) => isWanted(key)));
  const outline: StoredOutline = {
    key: keyOfOptions(options),
    stamp: project.stamp,
    env,
    spoken,
    name,
    isDbt,
    packageNames: project.packages.map((pack) => pack.name),
    nodes: nodes.map((node) => pick(node, isOutlineKey) as GraphNode),
    order: graph.order.map((id) => places.get(id) ?? -1),
    cycles: graph.cycles,
    faults,
  };
  const details: StoredDetails = {
    rest: nodes.map((node) => pick(slim(node), (key) => !isOutlineKey(key))),
    disabled: disabled.map(slim),
    broken: [...project.broken],
    docs: [...project.docs.values()],
    groups: project.groups,
    macroPatches: [...project.macroPatches],
    bare: [...nodes.filter(isModelNode), ...disabled]
      .map((node) => node.id)
      .filter((id) => !templates.has(id)),
  };
  return isPlainJson(outline) && isPlainJson(details) ? { outline, details } : undefined;
}

/** Nodes that hold the text of their file. */
function hasText(node: ProjectNode): boolean {
  return isModelNode(node) || node.resourceType === 'test';
}

/** The project as it was; packages, macros and templates are read when they are asked for. */
export function restoreProject(
  options: ModelProjectOptions,
  memory: ProjectMemory,
  outline: StoredOutline,
  details: StoredDetails,
): Omit<ModelProject, 'log'> {
  const whole = <N extends ProjectNode>(node: N): N =>
    hasText(node) && !('text' in node) ? { ...node, text: memory.textOf(node.file) ?? '' } : node;
  const list = outline.nodes.map((node, index) => whole({ ...node, ...details.rest[index] }));
  const disabled = details.disabled.map(whole);
  const models = list.filter(isModelNode);
  const { root, target, env, connections = [] } = options;
  const packages = once(() => readPackages(options, memory.disk, memory.parsed, collectFaults()));
  const library = once(() =>
    buildMacroLibrary(packages(), target.type, collectFaults(), memory.parsed),
  );
  const vars = once(() => collectVars(packages(), options.vars ?? {}));
  const graph = once(() => graphOf(outline, list));
  const lazyVars: Vars = {
    find: (name, packageName) => vars().find(name, packageName),
    names: () => vars().names(),
  };
  return {
    root,
    stamp: outline.stamp,
    target,
    env,
    memory: memory.rendered,
    name: outline.name,
    isDbt: outline.isDbt,
    vars: lazyVars,
    get library() {
      return library();
    },
    get packages() {
      return packages();
    },
    docs: new Map(details.docs.map((block) => [block.id, block])),
    groups: details.groups,
    macroPatches: new Map(details.macroPatches),
    nodes: new Map(list.map((node) => [node.id, node])),
    disabled: new Map(disabled.map((node) => [node.id, node])),
    templates: restoreTemplates([...models, ...disabled], new Set(details.bare)),
    refs: indexNodes(models, disabled, outline.packageNames),
    sources: restoreSources(list.filter(isSourceNode), connections, outline.packageNames),
    get graph() {
      return graph();
    },
    faults: outline.faults,
    broken: new Set(details.broken),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Templates are parsed when they are asked for: most commands need none, or few. */
function restoreTemplates(
  nodes: readonly ModelNode[],
  bare: ReadonlySet<string>,
): ModelProject['templates'] {
  const byId = new Map(nodes.filter(({ id }) => !bare.has(id)).map((node) => [node.id, node]));
  const made = new Map<string, Template>();
  return {
    has: (id) => byId.has(id),
    get: (id) => {
      const node = byId.get(id);
      const known = made.get(id);
      if (node === undefined || known) return known;
      const template = templateOf(node);
      made.set(id, template);
      return template;
    },
  };
}

/** Several snapshots may stand in one file, each in a block of its name. */
function templateOf(node: ModelNode): Template {
  const template = lazyTemplate(node.file, node.text);
  if (node.resourceType !== 'snapshot') return template;
  for (const block of template.body) {
    if (block.kind === 'snapshot' && block.name === node.name) {
      return { ...template, body: block.body };
    }
  }
  return template;
}
