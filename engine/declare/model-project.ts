import { type Log, silentLog } from '../words/log.ts';
import { buildTests } from './build-tests.ts';
import { findPackageFolders } from './declared-packages.ts';
import { buildGraph, type Graph, type GraphNode } from './graph.ts';
import { reportIgnoredMacros } from './ignored-macros.ts';
import type { Template } from './jinja/ast.ts';
import { buildMacroLibrary, type MacroLibrary } from './macro-library.ts';
import { collectFaults, type FaultList, type ModelFault } from './model-fault.ts';
import { isModelNode, type ModelNode, type ProjectNode } from './model-node.ts';
import { draftNodes } from './node-draft.ts';
import { indexNodes, type NodeIndex } from './node-index.ts';
import type { Target } from './node-scope.ts';
import { type PackageSource, readPackage } from './package-source.ts';
import { type ReadNode, readNode } from './read-node.ts';
import { type ConnectionSource, indexSources, type SourceIndex } from './source-index.ts';
import { buildUnitTests } from './unit-test.ts';
import { collectVars, type Vars } from './vars.ts';

export interface ModelProjectOptions {
  /** The project's folder; every path in nodes and faults is relative to it. */
  readonly root: string;
  /** The project's name, where no `dbt_project.yml` gives one. */
  readonly name: string;
  /** Our layout's folder of models; default `models`. */
  readonly modelsPath?: string;
  readonly target: Target;
  /** `vars` of pipelines.yaml or of the command line: they win over `dbt_project.yml`. */
  readonly vars?: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Every connection is two sources, `<name>` and `raw_<name>`, without being declared. */
  readonly connections?: readonly ConnectionSource[];
  /** Nodes that are no models: `extract.<connection>.<stream>`, `sync.<name>`. */
  readonly foreign?: readonly GraphNode[];
  readonly log?: Log;
}

/** A folder of models, read: nodes, edges, and every fault there is. */
export interface ModelProject {
  readonly name: string;
  readonly root: string;
  readonly target: Target;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly isDbt: boolean;
  readonly vars: Vars;
  readonly library: MacroLibrary;
  readonly packages: readonly PackageSource[];
  /** Every node that is enabled, foreign ones too, by id. */
  readonly nodes: ReadonlyMap<string, ProjectNode>;
  readonly disabled: ReadonlyMap<string, ModelNode>;
  readonly templates: ReadonlyMap<string, Template>;
  readonly refs: NodeIndex<ModelNode>;
  readonly sources: SourceIndex;
  readonly graph: Graph;
  readonly faults: readonly ModelFault[];
  /** Nodes with a fault of their own: neither they nor what depends on them can be built. */
  readonly broken: ReadonlySet<string>;
}

/**
 * Reads a folder of models, ours or dbt's. Touches no warehouse. Never throws for what is wrong in
 * a file: that is a fault, and everything else is read all the same.
 */
export async function readModelProject(options: ModelProjectOptions): Promise<ModelProject> {
  const { root, name, target, env, modelsPath = 'models', log = silentLog } = options;
  const faults = collectFaults();
  const main = await readPackage({ root, folder: '', modelsPath, name }, faults);
  const installed = await Promise.all(
    (await findPackageFolders(root, faults)).map(async (folder) =>
      readPackage({ root, folder, modelsPath: 'models', name: folder }, collectFaults()),
    ),
  );
  const packages = [main, ...installed];
  const library = buildMacroLibrary(packages, target.type, faults);
  reportIgnoredMacros(library, main.name, faults);
  const vars = collectVars(packages, options.vars ?? {});
  const reading = { name: main.name, target, env, log, library, vars, isDbt: main.isDbt };
  const read: ReadNode[] = [];
  for (const draft of packages.flatMap((pack) => draftNodes(pack, main, faults))) {
    read.push(await readNode(reading, draft, faults));
  }
  const enabled = read.filter(({ node }) => node.nodeConfig.enabled).map(({ node }) => node);
  const disabled = read.filter(({ node }) => !node.nodeConfig.enabled).map(({ node }) => node);
  const packageNames = packages.map((pack) => pack.name);
  const refs = indexNodes(enabled, disabled, packageNames);
  const sources = indexSources(packages, options.connections ?? []);
  const models = enabled.map((node) => linkNode(node, refs, sources, faults));
  const tests = await buildTests({ packages, models, disabled, refs, sources, reading }, faults);
  const units = buildUnitTests({ packages, models, refs, sources }, faults);
  const nodes = new Map<string, ProjectNode>();
  const all = [
    ...sources.nodes.values(),
    ...models,
    ...tests,
    ...units,
    ...(options.foreign ?? []),
  ];
  for (const node of all) nodes.set(node.id, node);
  reportSharedRelations(models, faults);
  const graph = buildGraph(nodes.values());
  reportCycles(graph, faults);
  const templates = new Map<string, Template>();
  for (const { node, template } of read) if (template) templates.set(node.id, template);
  const errors = faults.all.filter((fault) => fault.severity === 'error');
  return {
    ...reading,
    root,
    packages,
    nodes,
    disabled: new Map(disabled.map((node) => [node.id, node])),
    templates,
    // The index must answer with linked nodes: those know what they depend on.
    refs: indexNodes(models, disabled, packageNames),
    sources,
    graph,
    faults: sortFaults(faults.all),
    broken: new Set(errors.flatMap((fault) => fault.nodeId ?? [])),
  };
}

/** Turns the calls a node made into edges; a call that leads nowhere is a fault at its place. */
function linkNode(
  node: ModelNode,
  refs: NodeIndex<ModelNode>,
  sources: SourceIndex,
  faults: FaultList,
): ModelNode {
  const ids = new Set<string>();
  for (const call of node.refs) {
    const found = refs.find(call, node.packageName);
    if ('id' in found) ids.add(found.id);
    else {
      const hint = found.hint === undefined ? {} : { hint: found.hint };
      faults.error(call.place, found.complaint, { nodeId: node.id, ...hint });
    }
  }
  for (const call of node.sources) {
    const found = sources.find(call.source, call.table, node.packageName);
    if ('id' in found) ids.add(found.id);
    else faults.error(call.place, found.complaint, { nodeId: node.id });
  }
  return { ...node, dependsOn: [...ids] };
}

function reportSharedRelations(models: readonly ModelNode[], faults: FaultList): void {
  const taken = new Map<string, ModelNode>();
  for (const node of models) {
    if (node.nodeConfig.materialization === 'ephemeral') continue;
    const key = `${node.relation.schema}.${node.relation.name}`.toLowerCase();
    const first = taken.get(key);
    if (first === undefined) {
      taken.set(key, node);
      continue;
    }
    if (first.name === node.name && first.packageName === node.packageName) continue;
    faults.error(
      { file: node.file, line: 1, column: 1 },
      `${key} is already built by ${first.file}`,
      { nodeId: node.id, hint: 'give one of them another alias or schema' },
    );
  }
}

function reportCycles(graph: Graph, faults: FaultList): void {
  for (const cycle of graph.cycles) {
    const names = cycle.map((id) => graph.nodes.get(id)?.name ?? id);
    for (const id of cycle.slice(1)) {
      const node = graph.nodes.get(id);
      if (!isModelNode(node)) continue;
      const next = cycle[cycle.indexOf(id, 1) - 1];
      const call = node.refs.find((ref) => ref.name === graph.nodes.get(next ?? '')?.name);
      faults.error(
        call?.place ?? { file: node.file, line: 1, column: 1 },
        `models wait for each other: ${names.join(' → ')}`,
        { nodeId: id },
      );
    }
  }
}

function sortFaults(faults: readonly ModelFault[]): ModelFault[] {
  return faults.toSorted(
    (left, right) =>
      left.file.localeCompare(right.file) || left.line - right.line || left.column - right.column,
  );
}
