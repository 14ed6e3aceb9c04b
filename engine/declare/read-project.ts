import { randomUUID } from 'node:crypto';
import { silentLog } from '../words/log.ts';
import { buildTests } from './build-tests.ts';
import { collectMacroPatches, indexDocs } from './docs-blocks.ts';
import { buildExposures } from './exposure.ts';
import { buildGraph, type Graph } from './graph.ts';
import { buildGroups, checkAccess } from './group-access.ts';
import { reportIgnoredMacros } from './ignored-macros.ts';
import type { Template } from './jinja/ast.ts';
import { linkNode } from './link-node.ts';
import { buildMacroLibrary } from './macro-library.ts';
import type { ProjectMemory } from './memory/project-memory.ts';
import { collectFaults, type FaultList, type ModelFault } from './model-fault.ts';
import { isModelNode, type ModelNode, type ProjectNode } from './model-node.ts';
import { draftNodes, type NodeDraft, type StoredDraft, storedDraft } from './node-draft.ts';
import { indexNodes } from './node-index.ts';
import { type PackageSource, toProjectPackage } from './package-source.ts';
import type { ModelProject, ModelProjectOptions } from './project-shape.ts';
import { type ReadNode, readNode } from './read-node.ts';
import { importScripts, readPackages } from './read-packages.ts';
import { renderDescriptions } from './render-descriptions.ts';
import { renderSources } from './render-sources.ts';
import { buildSemantics } from './semantic.ts';
import { isSemanticNode } from './semantic-node.ts';
import { indexSources } from './source-index.ts';
import { buildUnitTests } from './unit-test.ts';
import { reportSourceDatabases, reportUnreadConfig } from './unread-config.ts';
import { collectVars } from './vars.ts';

/** Reads all of the files: see `readModelProject`. */
export async function readProject(
  options: ModelProjectOptions,
  { disk, parsed: memory }: ProjectMemory,
): Promise<ModelProject> {
  const { root, target, env, log = silentLog } = options;
  const faults = collectFaults();
  const written = await importScripts(
    options.root,
    disk,
    readPackages(options, disk, memory, faults),
  );
  const [main] = written;
  const library = buildMacroLibrary(written, target.type, faults, memory);
  reportIgnoredMacros(library, main.name, faults);
  const vars = collectVars(written, options.vars ?? {});
  const reading = { name: main.name, target, env, log, library, vars, isDbt: main.isDbt, memory };
  const docs = await indexDocs(written, faults);
  const described = await renderDescriptions(written, reading, docs, faults);
  const packages = await renderSources(described, reading, faults);
  const [top = main] = packages;
  const drafted = packages.flatMap((pack) => draftNodes(pack, top, faults, memory));
  const read: ReadNode[] = [];
  for (const draft of drafted) read.push(await readNode(reading, draft, faults));
  const enabled = read.filter(({ node }) => node.nodeConfig.enabled).map(({ node }) => node);
  const disabled = read.filter(({ node }) => !node.nodeConfig.enabled).map(({ node }) => node);
  const packageNames = packages.map((pack) => pack.name);
  reportTwins(enabled, faults);
  const refs = indexNodes(enabled, disabled, packageNames);
  const sources = indexSources(packages, options.connections ?? []);
  const models = enabled.map((node) => linkNode(node, refs, sources, faults));
  const tests = await buildTests({ packages, models, disabled, refs, sources, reading }, faults);
  const units = buildUnitTests({ packages, models, refs, sources, library }, faults);
  const semantics = buildSemantics({ packages, refs }, faults);
  const exposures = await buildExposures({ packages, refs, sources, reading, semantics }, faults);
  const groups = buildGroups(packages, faults);
  checkAccess({ packages, groups, models, tests, exposures, refs }, faults);
  const nodes = new Map<string, ProjectNode>();
  const all = [
    ...sources.nodes.values(),
    ...models,
    ...tests,
    ...units,
    ...semantics,
    ...exposures,
    ...(options.foreign ?? []),
  ];
  const folders = new Map(packages.map(({ name, folder }) => [name, folder]));
  for (const node of all) {
    const packageFolder = folders.get(node.packageName);
    nodes.set(node.id, packageFolder ? { ...node, packageFolder } : node);
  }
  reportModels(models, packages, target.database, faults);
  const graph = buildGraph(nodes.values());
  reportCycles(graph, faults);
  return {
    ...reading,
    root,
    stamp: randomUUID(),
    drafts: storeDrafts(drafted),
    packages: packages.map((pack) => toProjectPackage(pack, packages[0] ?? pack)),
    docs: docs.blocks,
    groups,
    macroPatches: collectMacroPatches(packages),
    nodes,
    disabled: new Map(disabled.map((node) => [node.id, node])),
    templates: templatesOf(read),
    // The index must answer with linked nodes: those know what they depend on.
    refs: indexNodes(models, disabled, packageNames),
    sources,
    graph,
    faults: sortFaults(faults.all),
    broken: brokenIds(faults.all),
  };
}

function brokenIds(faults: readonly ModelFault[]): ReadonlySet<string> {
  const errors = faults.filter(({ severity }) => severity === 'error');
  return new Set(errors.flatMap(({ nodeId }) => nodeId ?? []));
}

/** Files that stand for each other, as one for each warehouse, share an id: they are read whole. */
function storeDrafts(drafted: readonly NodeDraft[]): Map<string, StoredDraft> {
  const drafts = new Map<string, StoredDraft>();
  const ids = new Set<string>();
  for (const draft of drafted) {
    const stored = storedDraft(draft);
    if (stored && !ids.has(draft.id)) drafts.set(draft.id, stored);
    else drafts.delete(draft.id);
    ids.add(draft.id);
  }
  return drafts;
}

/** A node that is switched off may share its id with the one that is meant: that one wins. */
function templatesOf(read: readonly ReadNode[]): Map<string, Template> {
  const isOn = ({ node }: ReadNode): number => Number(node.nodeConfig.enabled);
  const sorted = read.toSorted((one, other) => isOn(one) - isOn(other));
  return new Map(sorted.flatMap(({ node, template }) => (template ? [[node.id, template]] : [])));
}

/** Two nodes of one name in a package. */
function reportTwins(nodes: readonly ModelNode[], faults: FaultList): void {
  const byName = new Map<string, ModelNode>();
  for (const node of nodes) {
    const version = node.version === undefined ? '' : `.v${node.version}`;
    const key = `${node.packageName}.${node.name}${version}`;
    const first = byName.get(key);
    if (first === undefined) {
      byName.set(key, node);
      continue;
    }
    faults.error(
      { file: node.file, line: 1, column: 1 },
      `the name "${node.name}" is taken twice; the other is ${first.file}`,
      { nodeId: node.id, hint: 'rename or disable one of them' },
    );
  }
}

function reportModels(
  models: readonly ModelNode[],
  packages: readonly PackageSource[],
  database: string,
  faults: FaultList,
): void {
  reportSharedRelations(models, faults);
  reportSourceDatabases(packages, database, faults);
  reportUnreadConfig(models, database, faults);
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
      if (isSemanticNode(node)) {
        faults.error(node.place, `metrics are made of each other: ${names.join(' → ')}`);
      }
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
