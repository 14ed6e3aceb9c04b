import { silentLog } from '../words/log.ts';
import { buildTests } from './build-tests.ts';
import { joinChange, type NodesNow } from './change-join.ts';
import { type ChangeReach, findReach, isFolderConfig } from './change-reach.ts';
import { lookUpDocs } from './docs-blocks.ts';
import { linkNode } from './link-node.ts';
import { watchLibrary } from './macro-use.ts';
import type { ProjectMemory } from './memory/project-memory.ts';
import { watchEnv } from './memory/watched-env.ts';
import { collectFaults } from './model-fault.ts';
import { isModelNode, isTestNode } from './model-node.ts';
import { draftNodes } from './node-draft.ts';
import { indexNodes, type NodeIndex, type Referable } from './node-index.ts';
import { openPackagePart } from './package-part.ts';
import type { PackageSource } from './package-source.ts';
import { findStored } from './project-outline.ts';
import type { ModelProject, ModelProjectOptions } from './project-shape.ts';
import { recallAll, restoreProject, restoreReading } from './project-snapshot.ts';
import type { Properties } from './properties.ts';
import { type ReadNode, readNode } from './read-node.ts';
import { listen } from './recall-render.ts';
import { renderDescriptions } from './render-descriptions.ts';
import type { Reading } from './rendering.ts';
import type { Spoken } from './spoken.ts';

type Project = Omit<ModelProject, 'log'>;

/**
 * What was kept of the project with the nodes that a few changed files reach read anew: where all
 * else that the project follows from is as it was, and nothing is wrong with them. Undefined where
 * that is not so or not certain: the project is read whole then.
 */
export async function readChange(
  options: ModelProjectOptions,
  memory: ProjectMemory,
): Promise<Project | undefined> {
  const isFew = memory.changes() !== undefined && !memory.isUnchanged();
  const stored = isFew ? findStored(options, memory) : undefined;
  // Who said what is not kept: it would be said twice, or not at all.
  if (stored === undefined || stored.spoken.length > 0) return undefined;
  const kept = recallAll(memory, stored);
  if (kept === undefined) return undefined;
  const standing = restoreReading(options, memory, kept.details);
  const before = restoreProject(options, memory, kept, { reading: standing });
  if (before === undefined) return undefined;
  const textOf = (file: string) => memory.disk.findText(file);
  const lasting = restoreReading(options, memory, kept.details, textOf);
  const watched = watchEnv(options.env);
  const spoken: Spoken[] = [];
  const { name, target, isDbt, vars } = before;
  const log = listen(silentLog, spoken);
  const read = async (): Promise<NodesNow | undefined> => {
    const part = openPart(options, memory);
    const reach = findReach({ before, memory, part, library: lasting.library });
    if (reach === undefined) return undefined;
    const library = reach.isOtherLibrary ? lasting.library() : before.library;
    const about = { name, target, isDbt, vars, library, env: watched.env, log };
    return await readReach({ ...about, memory: memory.parsed }, before, { reach, part });
  };
  let now: NodesNow | undefined;
  try {
    now = await read();
  } catch {
    // Whoever reads it whole says what is wrong.
  }
  const env = watched.traces();
  if (now === undefined || env === undefined || spoken.length > 0) return undefined;
  const outline = { ...stored, env: [...new Map([...stored.env, ...env])] };
  const joined = joinChange({ stored: { ...kept, outline }, before, textOf }, now);
  if (joined === undefined) return undefined;
  memory.offerChange(() => joined.slim());
  const reading = now.reach.isOtherLibrary ? lasting : standing;
  return restoreProject(options, memory, joined.whole, { reading, ...joined });
}

function openPart({ name, modelsPath = 'models' }: ModelProjectOptions, memory: ProjectMemory) {
  const faults = collectFaults();
  const { disk, parsed } = memory;
  const place = { disk, memory: parsed, folder: '', modelsPath, name };
  const configs = memory.textFiles().filter(isFolderConfig);
  return { ...openPackagePart(place, configs, faults), faults };
}

interface PartRequest {
  readonly reach: ChangeReach;
  readonly part: ReturnType<typeof openPart>;
}

/** Reads the nodes that are reached, and the tests of those that YAML says something else of. */
async function readReach(
  reading: Reading,
  before: Project,
  { reach, part }: PartRequest,
): Promise<NodesNow | undefined> {
  const faults = collectFaults();
  const all = [...before.graph.nodes.values()];
  const old = all.filter((node) => isModelNode(node) && reach.nodeFiles.has(node.file));
  const said = old.flatMap(({ patchFile }) => patchFile ?? []);
  const properties = [...reach.files].filter((file) => part.roleOf(file) === 'properties');
  const isThere = properties.filter((file) => part.isThere(file));
  const source = part.read([...reach.nodeFiles, ...isThere, ...said]);
  const ids = new Set([...old.map(({ id }) => id), ...reach.patched]);
  const pack = { ...source, properties: patchesOf(source, ids) };
  const watched = watchLibrary(reading.library);
  const around = { ...reading, library: watched.library };
  const docs = lookUpDocs(
    before.docs,
    before.packages.map((one) => one.name),
  );
  const [described = pack] = await renderDescriptions([pack], around, docs, faults);
  const read: ReadNode[] = [];
  for (const draft of draftNodes(described, described, faults, reading.memory)) {
    read.push(await readNode(reading, draft, faults));
  }
  // What is switched on or off changes what names mean.
  if (read.some(({ node }) => !node.nodeConfig.enabled) || read.length !== ids.size) {
    return undefined;
  }
  const refs = indexNow(before, reach, read);
  const streams = before.sources.nodes.size;
  const models = read
    .map(({ node }) => node)
    .filter(isModelNode)
    .map((node) => linkNode(node, refs, before.sources, faults));
  const tested = { ...described, properties: patchesOf(described, reach.patched) };
  const from = { packages: [tested], models, refs, sources: before.sources };
  const tests = await buildTests({ ...from, reading: around }, faults);
  const isAside = part.faults.all.some(({ file }) => reach.files.has(file));
  // Tests that are off have a list of their own, which stands as it is.
  const touched = new Set([...reach.patched, ...reach.gone]);
  const wereOff = before.disabled.some((one) => isTestNode(one) && touched.has(one.testedId ?? ''));
  if (wereOff || tests.off.length > 0) return undefined;
  if (faults.all.length > 0 || isAside || before.sources.nodes.size !== streams) return undefined;
  const lost = all.filter(({ id, testName, file, dependsOn }) => {
    const mayBe = reach.files.has(file) || dependsOn.some((one) => reach.gone.has(one));
    const test = testName !== undefined && mayBe ? before.nodes.get(id) : undefined;
    const tested = isTestNode(test) ? (test.testedId ?? '') : '';
    return reach.gone.has(tested) || (reach.files.has(file) && reach.patched.has(tested));
  });
  return {
    reach,
    nodes: [...models, ...tests.on],
    gone: new Set([...reach.gone, ...lost.map(({ id }) => id)]),
    macros: read.map(({ node, macros }) => [node.id, macros] as const),
    others: watched.found,
  };
}

/** Of all that YAML says, what it says of these nodes. */
function patchesOf({ name, properties }: PackageSource, ids: ReadonlySet<string>): Properties {
  const patches = properties.patches.filter((patch) =>
    ids.has(`${patch.kind.slice(0, -1)}.${name}.${patch.name}`),
  );
  return { patches, sources: [], singularTests: [], sections: {} };
}

function indexNow(
  before: Project,
  { isMoved, gone }: ChangeReach,
  read: readonly ReadNode[],
): NodeIndex<Referable> {
  if (!isMoved) return before.refs;
  const models = new Map<string, Referable>();
  for (const node of before.graph.nodes.values()) {
    if (isModelNode(node) && !gone.has(node.id)) models.set(node.id, node);
  }
  for (const { node } of read) if (isModelNode(node)) models.set(node.id, node);
  const names = before.packages.map((pack) => pack.name);
  return indexNodes(models.values(), before.disabled.filter(isModelNode), names);
}
