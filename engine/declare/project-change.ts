import { isDeepStrictEqual } from 'node:util';
import { silentLog } from '../words/log.ts';
import { recallTemplate } from './lazy-template.ts';
import { linkNode } from './link-node.ts';
import { digestText } from './memory/memory.ts';
import type { ProjectMemory } from './memory/project-memory.ts';
import { watchEnv } from './memory/watched-env.ts';
import { collectFaults } from './model-fault.ts';
import { isModelNode, type ModelNode } from './model-node.ts';
import {
  findStored,
  type Spoken,
  type StoredChange,
  type StoredOutline,
} from './project-outline.ts';
import type { ModelProject, ModelProjectOptions } from './project-shape.ts';
import {
  restOf,
  restoreProject,
  restoreReading,
  type StoredDetails,
  withoutText,
} from './project-snapshot.ts';
import { type ReadNode, readNode } from './read-node.ts';
import { listen } from './recall-render.ts';
import type { Reading } from './rendering.ts';

type Project = Omit<ModelProject, 'log'>;

/**
 * What was kept of the project with the few models whose texts have changed read anew: where all
 * else that the project follows from is as it was, and each of them is, but for its text, what it
 * was. Undefined where that is not so or not certain: the project is read whole then.
 */
export async function readChange(
  options: ModelProjectOptions,
  memory: ProjectMemory,
): Promise<Project | undefined> {
  const files = memory.changedTexts() ?? [];
  const stored = files.length > 0 ? findStored(options, memory) : undefined;
  // Who said what is not kept: it would be said twice, or not at all.
  if (stored === undefined || stored.spoken.length > 0) return undefined;
  const details = memory.recall('details') as StoredDetails | undefined;
  const lasting = details && restoreReading(options, memory, details);
  const before = details && restoreProject(options, memory, stored, details, lasting);
  if (!before || !lasting) return undefined;
  const watched = watchEnv(options.env);
  const spoken: Spoken[] = [];
  const log = listen(silentLog, spoken);
  const { name, target, isDbt, vars } = before;
  const library = lasting.library();
  const reading = { name, target, isDbt, vars, library, env: watched.env, log };
  const changed = new Map<string, ModelNode>();
  for (const file of files) {
    const node = await readFileAgain(before, { ...reading, memory: memory.parsed }, file, memory);
    if (node === undefined) return undefined;
    changed.set(node.id, node);
  }
  const env = watched.traces();
  if (env === undefined || spoken.length > 0) return undefined;
  const known = { ...stored, env: [...new Map([...stored.env, ...env])] };
  const outline = markChange(known, changed);
  memory.offerChange(() => {
    const textOf = (file: string) => memory.disk.textRead(file);
    const slim = (node: ModelNode) => withoutText(node, textOf);
    return { outline, details: { ...details, rest: replaceNodes(known, details, changed, slim) } };
  });
  const rest = replaceNodes(known, details, changed);
  return restoreProject(options, memory, outline, { ...details, rest }, lasting);
}

/** The one model that is made of the file; undefined where there is more to it. */
async function readFileAgain(
  before: Project,
  reading: Reading,
  file: string,
  memory: ProjectMemory,
): Promise<ModelNode | undefined> {
  const owners = [...before.nodes.values(), ...before.disabled.values()].filter(
    (node) => node.file === file,
  );
  const [old] = owners;
  const text = memory.disk.findText(file);
  const isMacros = before.packages.some(({ macros }) => macros.some((one) => one.file === file));
  if (owners.length !== 1 || !isModelNode(old) || isMacros || text === undefined) return undefined;
  const draft = before.drafts.get(old.id);
  const isFaulty = before.faults.some((fault) => fault.file === file || fault.nodeId === old.id);
  if (draft === undefined || !old.nodeConfig.enabled || isFaulty) return undefined;
  if (before.broken.has(old.id)) return undefined;
  const { id, name, fqn, packageName } = old;
  const { base, overrides, folders } = draft;
  const faults = collectFaults();
  let read: ReadNode;
  try {
    const template = recallTemplate(memory.parsed, file, text);
    const source = { file, folders, name, text };
    const pack = { name: packageName };
    const kind = 'model';
    const all = { id, kind, name, pack, source, fqn, base, overrides, template } as const;
    read = await readNode(reading, { ...all, patch: undefined }, faults);
  } catch {
    // Whoever reads it whole says what is wrong.
    return undefined;
  }
  const node = linkNode(read.node, before.refs, before.sources, faults);
  return faults.all.length === 0 ? joinNode(old, node) : undefined;
}

/** What YAML says, which is as it was. */
const saidKeys: ReadonlySet<string> = new Set(['description', 'columns']);

/** The node with its new text, where nobody else can see another difference. */
function joinNode(old: ModelNode, node: ModelNode): ModelNode | undefined {
  const { text, refs, sources, ...seen } = node;
  const plain = JSON.parse(JSON.stringify(seen)) as object;
  const isSame = Object.entries(plain).every(
    ([key, value]) => saidKeys.has(key) || isDeepStrictEqual(value, old[key as keyof ModelNode]),
  );
  return isSame ? { ...old, text, refs, sources } : undefined;
}

/** The same texts make the same project, whoever read them and in which order. */
function markChange(stored: StoredOutline, changed: ReadonlyMap<string, ModelNode>): StoredOutline {
  const texts = new Map(stored.change?.texts);
  for (const [id, { text }] of changed) texts.set(id, digestText(text));
  const change: StoredChange = { stamp: stored.change?.stamp ?? stored.stamp, texts: [...texts] };
  const stamp = digestText(JSON.stringify([change.stamp, change.texts.toSorted()]));
  return { ...stored, stamp, change };
}

/** The rest of each node, with the changed ones in their places. */
function replaceNodes(
  { nodes }: StoredOutline,
  { rest }: StoredDetails,
  changed: ReadonlyMap<string, ModelNode>,
  slim: (node: ModelNode) => ModelNode = (node) => node,
): StoredDetails['rest'] {
  return nodes.map(({ id }, index) => {
    const now = changed.get(id);
    return now ? restOf(slim(now)) : (rest[index] ?? {});
  });
}
