import { posix } from 'node:path';
import type { GraphNode } from './graph.ts';
import type { MacroEntry, MacroLibrary } from './macro-library.ts';
import { isSameJson } from './memory/plain-json.ts';
import type { ProjectMemory } from './memory/project-memory.ts';
import { collectFaults, type ModelFault } from './model-fault.ts';
import { isModelNode, isTestNode } from './model-node.ts';
import type { PackagePart } from './package-part.ts';
import { propertyFile, recallProperties } from './package-source.ts';
import { isSkipped } from './project-files.ts';
import type { ModelProject } from './project-shape.ts';
import type { NodePatch, Properties } from './properties.ts';

type Project = Omit<ModelProject, 'log'>;

/** What a few changed files reach: all else of the project stands as it was. */
export interface ChangeReach {
  /** Files whose text is another, new ones and those that are gone. */
  readonly files: ReadonlySet<string>;
  /** Files of the nodes that are to be read again. */
  readonly nodeFiles: ReadonlySet<string>;
  /** Nodes of which YAML says something else, and those there were not. */
  readonly patched: ReadonlySet<string>;
  /** Ids of nodes that are gone. */
  readonly gone: ReadonlySet<string>;
  /** Macros whose texts have changed, by their ids. */
  readonly macros: ReadonlyMap<string, string>;
  /** Files of macros are among the changed: the others' library is no more. */
  readonly isOtherLibrary: boolean;
  /** Nodes came or went: a name may mean something else. */
  readonly isMoved: boolean;
}

export interface ReachRequest {
  readonly before: Project;
  readonly memory: ProjectMemory;
  readonly part: PackagePart;
  /** The macros as they are now. */
  library(): MacroLibrary;
}

/** A macro that more nodes look at than this is as good as all of them. */
const usersMax = 300;
/** Endings of files that are more than their name. */
const readEndings: ReadonlySet<string> = new Set(['sql', 'yml', 'yaml', 'md', 'csv', 'ts', 'py']);

/** Undefined where more is reached than single models, their tests and what YAML says of them. */
export function findReach(request: ReachRequest): ChangeReach | undefined {
  const { memory, part, before } = request;
  const { texts = [], folders = [] } = memory.changes() ?? {};
  const added = findAdded(request, folders);
  if (added === undefined) return undefined;
  const files = new Set([...texts, ...added]);
  const isMacros = new Set(before.packages.flatMap(({ macros }) => macros.map(({ file }) => file)));
  const isOtherLibrary = [...files].some((file) => isMacros.has(file));
  const reach = {
    files,
    nodeFiles: new Set<string>(),
    patched: new Set<string>(),
    gone: new Set<string>(),
    macros: new Map<string, string>(),
    isMoved: folders.length > 0,
    isOtherLibrary,
  };
  const isThere = (file: string): boolean => memory.disk.findText(file) !== undefined;
  const roles = [...files].map((file) => [file, isMacros.has(file) ? 'macros' : part.roleOf(file)]);
  const owners = ownersOf(before);
  for (const [file = '', role] of roles) {
    if (isInPackage(before, file)) return undefined;
    if (role === 'macros' && isThere(file)) continue;
    if (role === 'properties') continue;
    if (role !== 'model') return undefined;
    if (isThere(file)) {
      const isNew = !memory.disk.wasAsked('text', file);
      if (isNew ? !addNode(request, reach, file) : !reachNode(reach, owners.get(file))) {
        return undefined;
      }
    } else if (!loseNode(reach, owners.get(file))) return undefined;
  }
  for (const [file = '', role] of roles) {
    if (role === 'properties' && !reachPatches(request, reach, file)) return undefined;
  }
  if (isOtherLibrary && !reachUsers(request, reach, owners)) return undefined;
  return isCertain(before, reach) ? reach : undefined;
}

interface OpenReach {
  readonly files: ReadonlySet<string>;
  readonly nodeFiles: Set<string>;
  readonly patched: Set<string>;
  readonly gone: Set<string>;
  readonly macros: Map<string, string>;
}

/** Files that came into folders of models; undefined where something else may have come or gone. */
function findAdded(
  { memory: { disk }, part, before }: ReachRequest,
  folders: readonly string[],
): string[] | undefined {
  if (folders.length === 0) return [];
  const seeds = new Set<string>();
  for (const node of [...before.graph.nodes.values(), ...before.disabled]) {
    if (node.resourceType === 'seed') seeds.add(node.file);
  }
  const added: string[] = [];
  const waiting = [...folders];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    // Only of a folder of models nothing is asked but the texts of its files.
    if (part.roleOf(`${folder}/any.sql`) !== 'model') return undefined;
    if (isInPackage(before, folder)) return undefined;
    for (const { name, isFolder, isLink } of disk.listFolder(folder)) {
      const path = posix.join(folder, name);
      if (isFolder) {
        if (isSkipped(name) || disk.wasAsked('list', path)) continue;
        if (isLink) return undefined;
        waiting.push(path);
        continue;
      }
      const dot = name.lastIndexOf('.');
      const isRead = dot > 0 && readEndings.has(name.slice(dot + 1).toLowerCase());
      if (!isRead || disk.wasAsked('text', path)) continue;
      const role = part.roleOf(path);
      if (role !== 'model' && role !== 'properties') return undefined;
      added.push(path);
    }
  }
  return added;
}

function isInPackage({ packages }: Project, path: string): boolean {
  return packages.some(({ folder }) => folder !== '' && `${path}/`.startsWith(`${folder}/`));
}

type Owners = ReadonlyMap<string, GraphNode | undefined>;

/** Nodes by the file that they are made of; none where that is no single model that is built. */
function ownersOf(before: Project): Owners {
  const { graph, disabled } = before;
  const owners = new Map<string, GraphNode | undefined>();
  for (const node of graph.nodes.values()) {
    if (!isModelNode(node)) continue;
    const isModel = node.resourceType === 'model' && node.version === undefined;
    const isPlain = isModel && !isInPackage(before, node.patchFile ?? '');
    owners.set(node.file, isPlain && !owners.has(node.file) ? node : undefined);
  }
  // One that is switched off may share the id of the one that is meant.
  for (const { id, file } of disabled.values()) {
    owners.set(file, undefined);
    owners.set(graph.nodes.get(id)?.file ?? file, undefined);
  }
  return owners;
}

function reachNode(reach: OpenReach, node: GraphNode | undefined): boolean {
  if (node) reach.nodeFiles.add(node.file);
  return node !== undefined;
}

function loseNode(reach: OpenReach, node: GraphNode | undefined): boolean {
  if (node) reach.gone.add(node.id);
  return node !== undefined;
}

/** A name that is taken, by a model that is switched off too, means something else from now on. */
function addNode({ before }: ReachRequest, reach: OpenReach, file: string): boolean {
  const name = posix.basename(file).replace(/\.\w+$/, '');
  for (const node of [...before.graph.nodes.values(), ...before.disabled]) {
    if (node.name === name && isModelNode(node)) return false;
  }
  reach.nodeFiles.add(file);
  reach.patched.add(`model.${before.name}.${name}`);
  return true;
}

/** Nodes of which the properties file said something else, or something. */
function reachPatches(request: ReachRequest, reach: OpenReach, file: string): boolean {
  const { memory, before } = request;
  const old = memory.disk.wasAsked('text', file) ? memory.textOf(file) : '';
  const now = memory.disk.findText(file) ?? '';
  const [was, is] = [old, now].map((text) => readAlone(request, file, text));
  if (!was || !is || !isSameJson(restOf(was), restOf(is))) return false;
  const said = [was, is].map(({ patches }) => new Map(patches.map((one) => [keyOf(one), one])));
  const [saidBefore, saidNow] = said;
  if (saidBefore?.size !== was.patches.length || saidNow?.size !== is.patches.length) return false;
  for (const key of new Set([...saidBefore.keys(), ...saidNow.keys()])) {
    const sides = [saidBefore.get(key), saidNow.get(key)];
    if (isSameJson(...(sides as [unknown, unknown]))) continue;
    const isPlain = sides.every((one) => one === undefined || isPlainPatch(one));
    const id = key.replace('s.', `.${before.name}.`);
    if (!isPlain || !reachPatched(before, reach, { id, file, isSaid: sides[1] !== undefined })) {
      return false;
    }
  }
  return true;
}

function reachPatched(
  { graph: { nodes }, disabled }: Project,
  reach: OpenReach,
  { id, file, isSaid }: { readonly id: string; readonly file: string; readonly isSaid: boolean },
): boolean {
  const node = nodes.get(id);
  if (disabled.some((one) => one.id === id)) return false;
  if (node === undefined) return isSaid && reach.patched.has(id);
  // What is left of a node that is gone says nothing any more; of another file, it is not ours.
  if (reach.gone.has(id)) return !isSaid;
  if (!isModelNode(node) || node.version !== undefined) return false;
  if ((node.patchFile ?? file) !== file) return false;
  reach.nodeFiles.add(node.file);
  reach.patched.add(id);
  return true;
}

function isPlainPatch({ kind, versions, relation }: NodePatch): boolean {
  return kind !== 'snapshots' && versions === undefined && relation === undefined;
}

function keyOf({ kind, name }: NodePatch): string {
  return `${kind}.${name}`;
}

/** Undefined where there is something wrong with it, or its text is not known. */
function readAlone(
  { memory, part }: ReachRequest,
  file: string,
  text: string | undefined,
): Properties | undefined {
  if (text === undefined) return undefined;
  const faults = collectFaults();
  const properties = recallProperties(memory.parsed, { file, text }, part, faults);
  return faults.all.length === 0 ? properties : undefined;
}

/** What a properties file says besides patches; sections without entries are as good as none. */
function restOf({ patches: _, sections, ...rest }: Properties): unknown {
  const isFilled = ([, value]: [string, unknown]): boolean =>
    Array.isArray(value) && value.length > 0;
  return [rest, sections].map((part) => Object.fromEntries(Object.entries(part).filter(isFilled)));
}

/** Nodes that looked at a macro whose text has changed, where no macro came or went. */
function reachUsers({ before, library }: ReachRequest, reach: OpenReach, owners: Owners): boolean {
  const now = library();
  const nameOf = ({ id, file, macroKind }: MacroEntry): string => `${macroKind} ${id} ${file}`;
  const isSame = isSameJson(before.library.all.map(nameOf), now.all.map(nameOf));
  if (!isSame || before.library.shape !== now.shape) return false;
  const { byMacro, others } = before.macroUse;
  const users = new Set<string>();
  for (const { id, digest } of now.all) {
    if (before.library.byId(id)?.digest === digest) continue;
    if (others.has(id)) return false;
    reach.macros.set(id, digest);
    for (const user of byMacro.get(id) ?? []) users.add(user);
  }
  if (users.size > usersMax) return false;
  for (const id of users) {
    if (reach.gone.has(id)) continue;
    const node = before.graph.nodes.get(id);
    if (!isModelNode(node) || !reachNode(reach, owners.get(node.file))) return false;
  }
  return true;
}

/** Of what is reached nothing is wrong, and of what is gone nothing but its tests is made. */
function isCertain(before: Project, reach: ChangeReach): boolean {
  const { files, nodeFiles, patched, gone, isMoved } = reach;
  const isRead = (id: string | undefined): boolean => {
    if (id === undefined || patched.has(id)) return id !== undefined;
    const node = before.nodes.get(id);
    if (node === undefined) return false;
    const isOwn = files.has(node.file) || nodeFiles.has(node.file);
    return isOwn || (isTestNode(node) && node.testedId !== id && isRead(node.testedId));
  };
  // What a macro refuses is told in the macro's file, of the node that called it.
  const isReached = ({ file, nodeId }: ModelFault): boolean =>
    files.has(file) || nodeFiles.has(file) || isRead(nodeId);
  if (before.faults.some(isReached)) return false;
  if (isMoved && before.faults.length > 0) return false;
  for (const id of gone) {
    const node = before.nodes.get(id);
    // It would be YAML of a model that is not there.
    if (node?.patchFile !== undefined && !files.has(node.patchFile)) return false;
    for (const child of before.graph.childrenOf(id)) {
      const test = before.nodes.get(child);
      if (!isTestNode(test) || test.testedId !== id) return false;
    }
  }
  return true;
}

/** Files that hold the config of folders. */
export function isFolderConfig(path: string): boolean {
  return propertyFile.test(path) && /(^|\/)_config\.ya?ml$/.test(path);
}
