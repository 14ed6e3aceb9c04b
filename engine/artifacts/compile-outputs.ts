import { resolve } from 'node:path';
import { isModelNode } from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { type CompiledNode, type CompileRequest, compileProject } from '../plan/compile-project.ts';
import { compiledPath } from './compiled-path.ts';
import {
  changeOf,
  digestIds,
  isSameEnv,
  type KeptCompile,
  openManifest,
  saveKeptCompile,
} from './kept-compile.ts';
import { joinNodes, type KeptNode, type KeptNodes, listModels, usersOf } from './kept-nodes.ts';
import { digestContent } from './manifest-layout.ts';
import type { ArtifactMoment } from './metadata.ts';
import { type ManifestChange, spliceManifest } from './splice-manifest.ts';
import { artifactPath } from './write-artifact.ts';
import { digestOf, type WrittenManifest, writeManifest } from './write-manifest.ts';
import { openTextsWriter } from './write-texts.ts';
import { openTextWriter } from './written-text.ts';

type Compiled = Awaited<ReturnType<typeof compileProject>>;

export interface OutputRequest {
  readonly project: ModelProject;
  readonly moment: ArtifactMoment;
  /** Where it is kept what this comes to, and under which key; absent: nowhere. */
  readonly keep?: OutputKeep;
}

export interface OutputKeep {
  readonly folder: string;
  readonly key: string;
  /** All nodes that were meant. */
  readonly ids: readonly string[];
}

/** Takes in the SQL of every node that is compiled. */
export interface CompileOutputs {
  add(one: CompiledNode): void;
  /** Answers once all of them are written, and the manifest. */
  end(result: Compiled, moment: ArtifactMoment): Promise<void>;
}

export function openOutputs({ project, keep }: Omit<OutputRequest, 'moment'>): CompileOutputs {
  const made = new Map<string, KeptNode>();
  const writer = openTextsWriter();
  return {
    add: (one) => {
      const node = keptNodeOf(project, one);
      made.set(node.id, node);
      writer.add([resolve(project.root, node.path), one.sql]);
    },
    end: async ({ compiled, faults }, moment) => {
      const writing = writer.end();
      const texts = new Map(compiled.map(({ node, sql }) => [node.id, sql]));
      const isKept = keep !== undefined && faults.length === 0;
      const all = { project, moment, compiled: texts, hasFiles: true };
      const [manifest] = await Promise.all([writeManifest(all, { always: isKept }), writing]);
      if (!isKept || manifest === undefined) return;
      const nodes = joinNodes([...made.keys()], made);
      keepOutputs(keep, project, { nodes, manifest, compiled });
    },
  };
}

interface Outputs {
  readonly nodes: KeptNodes;
  readonly manifest: WrittenManifest;
  /** Those that were compiled now. */
  readonly compiled: readonly CompiledNode[];
  readonly before?: KeptCompile;
}

function keepOutputs(
  { folder, key, ids }: OutputKeep,
  project: ModelProject,
  { nodes, manifest, compiled, before }: Outputs,
): void {
  const inputs = manifest.read.map(([path, digest]) => ({ path, digest, stamp: '' }));
  const env = new Map(before?.env);
  for (const one of compiled) for (const [name, value] of one.env) env.set(name, value);
  const restless = compiled.filter((one) => !one.isLasting).map(({ node }) => node.id);
  saveKeptCompile(folder, {
    key,
    stamp: project.stamp,
    change: changeOf(project),
    ids: digestIds(ids),
    env: [...env],
    nodes,
    inputs: before?.inputs ?? inputs,
    restless,
    manifest,
  });
}

function keptNodeOf(project: ModelProject, { node, sql, macros }: CompiledNode): KeptNode {
  const path = compiledPath(project, node);
  const digest = digestContent(sql);
  return { id: node.id, path, digest, isModel: isModelNode(node), macros };
}

/**
 * Compiles what may come to something else than `kept`, whose files were found untouched, and
 * writes that; undefined where it is not certain what that is. All else stands as it was written.
 */
export async function compileAgain(
  request: OutputRequest & { readonly keep: OutputKeep },
  kept: KeptCompile,
  compile: Omit<CompileRequest, 'project' | 'ids'>,
): Promise<{ readonly count: number } | undefined> {
  const { project, moment, keep } = request;
  const stale = findStale(project, kept);
  if (stale === undefined || !isSameEnv(kept, project.env)) return undefined;
  const known = new Set(kept.nodes.ids);
  const wanted = keep.ids.filter((id) => isCompiled(project, id));
  const ids = wanted.filter((id) => stale.ids.has(id) || !known.has(id));
  if (ids.length > staleMax) return undefined;
  const render = (): Promise<Compiled> =>
    compileProject({ ...compile, project, ids, selected: keep.ids });
  // What was rendered before is of other texts, or of another macro.
  const isVain = ids.length <= lookUpWorth || stale.macros.size > 0;
  const memory = isVain ? project.memory : undefined;
  const { compiled, faults } = await (memory?.addOnly(render) ?? render());
  if (faults.length > 0 || compiled.length !== ids.length) return undefined;
  const made = new Map<string, KeptNode>();
  const write = openTextWriter();
  for (const one of compiled) {
    const node = keptNodeOf(project, one);
    made.set(node.id, node);
    write([resolve(project.root, node.path), one.sql]);
  }
  const nodes = joinNodes(wanted, made, kept.nodes);
  const digest = digestOf(listModels(nodes), true);
  const sql = new Map(compiled.map(({ node, sql: text }) => [node.id, text]));
  const all = { project, moment, compiled: sql, hasFiles: true };
  // What is not meant any more is told without its SQL.
  const isMeant = new Set(wanted);
  for (const id of kept.nodes.ids) if (!isMeant.has(id)) stale.ids.add(id);
  for (const id of ids) stale.ids.add(id);
  const standing = openManifest(kept, artifactPath(project, 'manifest'), Date.now());
  if (standing === undefined) return undefined;
  await using file = standing.file;
  const manifest = await spliceManifest(all, { file, layout: kept.manifest }, digest, stale);
  const closing = file.close();
  keepOutputs(keep, project, { nodes, manifest, compiled, before: kept });
  await closing;
  return { count: nodes.ids.length };
}

const compiledTypes: ReadonlySet<string> = new Set(['model', 'snapshot', 'analysis', 'test']);

function isCompiled(project: ModelProject, id: string): boolean {
  const type = project.graph.nodes.get(id)?.resourceType;
  return compiledTypes.has(type ?? '') && !project.broken.has(id);
}

/** More than this changed: all is compiled, and the nodes that are told apart stay few. */
const staleMax = 500;
/** So many nodes are rendered in the time in which what was rendered before is read. */
const lookUpWorth = 20;

interface Stale extends ManifestChange {
  readonly ids: Set<string>;
}

/**
 * Nodes whose SQL, or whose entry of the manifest, may not be what it was: those that have changed,
 * those that a changed ephemeral one is written into or that read a changed relation, those that
 * looked at a changed macro, and the restless. Undefined: any may be.
 */
function findStale(project: ModelProject, kept: KeptCompile): Stale | undefined {
  const now = changeOf(project);
  if (now.stamp !== kept.change.stamp) return undefined;
  const sides = [kept.change, now];
  const [nodesBefore, nodesNow] = sides.map(({ nodes }) => new Map(nodes.map((n) => [n.id, n])));
  const [macrosBefore, macrosNow] = sides.map(({ macros }) => new Map(macros));
  const macros = new Set(
    sides
      .flatMap((side) => side.macros.map(([id]) => id))
      .filter((id) => macrosBefore?.get(id) !== macrosNow?.get(id)),
  );
  const seen = new Set<string>();
  const waiting: string[] = [];
  const tested: string[] = [];
  let isLinked = false;
  for (const id of new Set(sides.flatMap((side) => side.nodes.map((node) => node.id)))) {
    const both = [nodesBefore?.get(id), nodesNow?.get(id)];
    if (both[0]?.digest === both[1]?.digest) continue;
    waiting.push(id);
    for (const one of both) {
      if (one?.isSeen) seen.add(id);
      isLinked ||= one?.isLinked === true;
      // Its tests say which columns name a row of a model.
      if (one?.testedId !== undefined) tested.push(one.testedId);
    }
  }
  waiting.push(...usersOf(kept.nodes, macros));
  const ids = new Set(kept.restless);
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const node = project.nodes.get(id);
    const isEphemeral = isModelNode(node) && node.nodeConfig.materialization === 'ephemeral';
    const isNew = !ids.has(id) || kept.restless.includes(id);
    if ((isEphemeral || seen.delete(id)) && isNew) waiting.push(...project.graph.childrenOf(id));
    ids.add(id);
    if (ids.size > staleMax) return undefined;
  }
  for (const id of tested) ids.add(id);
  return { ids, isLinked, macros };
}
