import { randomUUID } from 'node:crypto';
import { silentLog } from '../words/log.ts';
import { buildTests, type TestSources } from './build-tests.ts';
import { reportMisspelt } from './config-names.ts';
import { reportUnusedConfig } from './config-paths.ts';
import { reportDeprecated } from './deprecated-models.ts';
import { collectMacroPatches, indexDocs } from './docs-blocks.ts';
import { type Switched, splitEnabled } from './enabled-config.ts';
import { buildExposures, type ExposureSources } from './exposure.ts';
import { buildGraph, compareIds, type Graph } from './graph.ts';
import { buildGroups, checkAccess, isGuarded } from './group-access.ts';
import { reportIgnoredMacros } from './ignored-macros.ts';
import type { Template } from './jinja/ast.ts';
import { lendPatches, reportPatches } from './lent-patches.ts';
import { linkNode } from './link-node.ts';
import { buildMacroLibrary } from './macro-library.ts';
import { groupMacroUse, watchLibrary } from './macro-use.ts';
import type { ProjectMemory } from './memory/project-memory.ts';
import { collectFaults, type FaultList, type ModelFault } from './model-fault.ts';
import { isAnalysisNode, isModelNode, type ModelNode, type ProjectNode } from './model-node.ts';
import { draftNodes, type NodeDraft, withPatch } from './node-draft.ts';
import { indexNodes } from './node-index.ts';
import { type PackageSource, toProjectPackage } from './package-source.ts';
import { type ModelProject, type ModelProjectOptions, targetPathDefault } from './project-shape.ts';
import { type ReadNode, readNode } from './read-node.ts';
import { importScripts, readPackages } from './read-packages.ts';
import { renderDescriptions } from './render-descriptions.ts';
import { renderSources } from './render-sources.ts';
import type { Reading } from './rendering.ts';
import { readSelectors } from './selectors-file.ts';
import { buildSemantics } from './semantic.ts';
import { isSemanticNode } from './semantic-node.ts';
import { reportSharedRelations } from './shared-relations.ts';
import { reportSources } from './source-faults.ts';
import { disabledSources, indexSources } from './source-index.ts';
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
  const about = { name: main.name, target, env, log, vars, isDbt: main.isDbt, memory };
  const watched = watchLibrary(library);
  const reading = { ...about, library: watched.library };
  const docs = await indexDocs(written, faults);
  const described = await renderDescriptions(written, reading, docs, faults);
  const packages = await renderSources(described, reading, faults);
  const [top = main] = packages;
  const read = await readNodes({ ...about, library }, packages, faults);
  const { on, off: allOff } = splitEnabled(read.map(({ node }) => node));
  const off = allOff.filter(isModelNode);
  const packageNames = packages.map((pack) => pack.name);
  reportTwins(on, faults);
  const refs = indexNodes(on.filter(isModelNode), off, packageNames);
  reportSources(packages, faults);
  const sources = indexSources(packages, options.connections ?? []);
  const linked = on.map((node) => linkNode(node, refs, sources, faults));
  const models = linked.filter(isModelNode);
  const around = { packages, models, refs, sources, reading };
  const { tests, exposures, ...others } = await buildReaders(around, faults);
  const readers: readonly Switched<ProjectNode>[] = [tests, exposures, ...Object.values(others)];
  const selectors = await readSelectors(disk, reading, faults);
  const groups = buildGroups(packages, faults);
  const asked = { tests: tests.on, exposures: exposures.on };
  checkAccess({ packages, groups, models: linked, ...asked, refs }, faults);
  const nodes = indexAll(packages, [
    ...sources.nodes.values(),
    ...linked,
    ...readers.flatMap(({ on }) => on),
    ...(options.foreign ?? []),
  ]);
  const disabledTables = disabledSources(packages, options.connections ?? []);
  const disabled = [...allOff, ...readers.flatMap((kind) => kind.off), ...disabledTables];
  reportModels(models, packages, target.database, faults);
  reportDeprecated(linked, faults);
  reportUnusedConfig(top.configPaths, nodes.values(), disabled, faults);
  const graph = buildGraph(nodes.values());
  reportCycles(graph, faults);
  return {
    ...about,
    library,
    root,
    targetPath: options.targetPath ?? targetPathDefault,
    stamp: randomUUID(),
    macroUse: groupMacroUse(read, watched.found),
    isGuarded: isGuarded(packages, groups, models),
    packages: packages.map((pack) => toProjectPackage(pack, packages[0] ?? pack)),
    docs: docs.blocks,
    groups,
    macroPatches: collectMacroPatches(packages),
    nodes,
    disabled,
    templates: templatesOf(read),
    // Linked nodes know what they depend on; of two with one id, at fault, the one that counts.
    refs: indexNodes([...nodes.values()].filter(isModelNode), off, packageNames),
    sources,
    graph,
    selectors,
    faults: sortFaults(faults.all),
    broken: brokenIds(faults.all),
  };
}

/** What reads models and is none, of every kind. */
async function buildReaders(from: TestSources & Pick<ExposureSources, 'refs'>, faults: FaultList) {
  const { packages, refs, sources, reading } = from;
  const tests = await buildTests(from, faults);
  const units = buildUnitTests({ ...from, library: reading.library }, faults);
  const semantics = await buildSemantics({ packages, refs, reading }, faults);
  const shown = { packages, refs, sources, reading, semantics: semantics.on };
  return { tests, units, semantics, exposures: await buildExposures(shown, faults) };
}

async function readNodes(
  reading: Reading,
  packages: readonly PackageSource[],
  faults: FaultList,
): Promise<ReadNode[]> {
  const drafted = packages.flatMap((pack) =>
    draftNodes(pack, packages[0] ?? pack, faults, reading.memory),
  );
  const drafts = await lendPatches(reading, packages, drafted);
  for (const pack of packages) reportPatches(pack, drafts, faults);
  const read: ReadNode[] = [];
  for (const draft of drafts) read.push(await readNode(reading, draft, faults));
  const on = new Set(read.filter(({ node }) => node.nodeConfig.enabled).map(({ node }) => node.id));
  // What YAML says of a name is said of the node that is on.
  const isBare = ({ node }: ReadNode, { patch }: NodeDraft): boolean =>
    node.nodeConfig.enabled || patch === undefined || !on.has(node.id);
  for (const [index, draft] of drafts.entries()) {
    const one = read[index];
    if (one === undefined || isBare(one, draft)) continue;
    read[index] = await readNode(reading, withPatch(draft, undefined), collectFaults());
  }
  return read;
}

/** In the order of their ids, each with where its package lies. */
function indexAll(
  packages: readonly PackageSource[],
  nodes: readonly ProjectNode[],
): Map<string, ProjectNode> {
  const folders = new Map(packages.map(({ name, folder }) => [name, folder]));
  const placed = nodes.map((node) => {
    const packageFolder = folders.get(node.packageName);
    return packageFolder ? { ...node, packageFolder } : node;
  });
  return new Map(placed.toSorted(compareIds).map((node) => [node.id, node]));
}

function brokenIds(faults: readonly ModelFault[]): ReadonlySet<string> {
  const errors = faults.filter(({ severity }) => severity === 'error');
  return new Set(errors.flatMap(({ nodeId }) => nodeId ?? []));
}

/** A node that is switched off may share its id with the one that is meant: that one wins. */
function templatesOf(read: readonly ReadNode[]): Map<string, Template> {
  const isOn = ({ node }: ReadNode): number => Number(node.nodeConfig.enabled);
  const sorted = read.toSorted((one, other) => isOn(one) - isOn(other));
  return new Map(sorted.flatMap(({ node, template }) => (template ? [[node.id, template]] : [])));
}

/** Two nodes of one name in a package; an analysis may have that of a model. */
function reportTwins(nodes: readonly ReadNode['node'][], faults: FaultList): void {
  const byName = new Map<string, ReadNode['node']>();
  for (const node of nodes) {
    const version = node.version === undefined ? '' : `.v${node.version}`;
    const kind = isAnalysisNode(node) ? 'analysis ' : '';
    const key = `${kind}${node.packageName}.${node.name}${version}`;
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
  reportMisspelt(models, packages[0]?.name ?? '', faults);
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
