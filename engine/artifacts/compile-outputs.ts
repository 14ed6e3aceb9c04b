import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isModelNode } from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { type CompiledNode, type CompileRequest, compileProject } from '../plan/compile-project.ts';
import { compiledPath } from './compiled-path.ts';
import {
  changeOf,
  isSameEnv,
  type KeptCompile,
  type KeptNode,
  saveKeptCompile,
} from './kept-compile.ts';
import { digestContent, type ManifestLayout } from './manifest-layout.ts';
import type { ArtifactMoment } from './metadata.ts';
import { spliceManifest } from './splice-manifest.ts';
import { digestOf, writeManifest } from './write-manifest.ts';

type Compiled = Awaited<ReturnType<typeof compileProject>>;

export interface OutputRequest {
  readonly project: ModelProject;
  readonly moment: ArtifactMoment;
  /** Where it is kept what this comes to, and under which key; absent: nowhere. */
  readonly keep?: { readonly folder: string; readonly key: string };
}

/** Writes the SQL of every node that was compiled, and the manifest. */
export async function writeOutputs(request: OutputRequest, result: Compiled): Promise<void> {
  const { project, moment, keep } = request;
  const writer = openWriter(project.root);
  const nodes = result.compiled.map((one) => writeCompiled(project, writer, one));
  const compiled = new Map(result.compiled.map(({ node, sql }) => [node.id, sql]));
  const isKept = keep !== undefined && result.faults.length === 0;
  const all = { project, moment, compiled, hasFiles: true };
  const layout = await writeManifest(all, { always: isKept });
  if (isKept && layout) keepOutputs(keep, project, { nodes, layout, compiled: result.compiled });
}

interface Outputs {
  readonly nodes: readonly KeptNode[];
  readonly layout: ManifestLayout;
  /** Those that were compiled now. */
  readonly compiled: readonly CompiledNode[];
  readonly before?: KeptCompile;
}

function keepOutputs(
  { folder, key }: NonNullable<OutputRequest['keep']>,
  project: ModelProject,
  { nodes, layout, compiled, before }: Outputs,
): void {
  const inputs = layout.read.map(([path, digest]) => ({ path, digest, stamp: '' }));
  const env = new Map(before?.env);
  for (const one of compiled) for (const [name, value] of one.env) env.set(name, value);
  const restless = compiled.filter((one) => !one.isLasting).map(({ node }) => node.id);
  saveKeptCompile(folder, {
    key,
    stamp: project.stamp,
    change: changeOf(project),
    env: [...env],
    nodes,
    inputs: before?.inputs ?? inputs,
    restless,
    manifest: { ...layout, stamp: '' },
  });
}

interface FileWriter {
  /** Below the root; a file that holds the text already is left alone. */
  write(path: string, text: string): void;
}

/** Thousands of files are read in a fraction of the time in which they are written. */
function openWriter(root: string): FileWriter {
  /** Folders that are there, and whether they were made here: nothing stands in those. */
  const folders = new Map<string, boolean>();
  return {
    write: (path, text) => {
      const full = `${root}/${path}`;
      const folder = dirname(full);
      if (!folders.has(folder)) {
        folders.set(folder, mkdirSync(folder, { recursive: true }) !== undefined);
      }
      const mayStand = folders.get(folder) === false && existsSync(full);
      if (!mayStand || readFileSync(full, 'utf8') !== text) writeFileSync(full, text);
    },
  };
}

function writeCompiled(
  project: ModelProject,
  writer: FileWriter,
  { node, sql }: CompiledNode,
): KeptNode {
  const path = compiledPath(project, node);
  writer.write(path, sql);
  const digest = digestContent(sql);
  return { id: node.id, path, stamp: '', digest, isModel: isModelNode(node) };
}

/**
 * Compiles what may come to something else than `kept`, whose files were found untouched, and
 * writes that; undefined where it is not certain what that is. All else stands as it was written.
 */
export async function compileAgain(
  request: OutputRequest & { readonly keep: NonNullable<OutputRequest['keep']> },
  kept: KeptCompile,
  compile: Omit<CompileRequest, 'project' | 'ids'>,
): Promise<{ readonly count: number } | undefined> {
  const { project, moment, keep } = request;
  const ids = findStale(project, kept);
  if (ids === undefined || !isSameEnv(kept, project.env)) return undefined;
  const places = new Map(kept.nodes.map((node, index) => [node.id, index]));
  const stale = kept.nodes.filter(({ id }) => ids.has(id)).map(({ id }) => id);
  const { compiled, faults } = await compileProject({ ...compile, project, ids: stale });
  if (faults.length > 0 || compiled.length !== stale.length) return undefined;
  const nodes = [...kept.nodes];
  const writer = openWriter(project.root);
  for (const one of compiled) {
    const place = places.get(one.node.id);
    if (place === undefined) return undefined;
    nodes[place] = writeCompiled(project, writer, one);
  }
  const models = nodes.filter(({ isModel }) => isModel);
  const digest = digestOf(
    models.map((node) => [node.id, node.digest]),
    true,
  );
  const sql = new Map(compiled.map(({ node, sql: text }) => [node.id, text]));
  const all = { project, moment, compiled: sql, hasFiles: true };
  const layout = await spliceManifest(all, kept.manifest, digest, new Set(stale));
  if (layout === undefined) return undefined;
  keepOutputs(keep, project, { nodes, layout, compiled, before: kept });
  return { count: nodes.length };
}

/** More than this changed: all is compiled, and the texts that are told apart stay few. */
const staleMax = 500;

/**
 * Nodes whose SQL may not be what it was: those whose text has changed, those that such an
 * ephemeral one is written into, and the restless. Undefined: any may be.
 */
function findStale(project: ModelProject, kept: KeptCompile): Set<string> | undefined {
  const now = changeOf(project);
  if (now.stamp !== kept.change.stamp) return undefined;
  const before = new Map(kept.change.texts.map(([id = '', digest]) => [id, digest]));
  const after = new Map(now.texts.map(([id = '', digest]) => [id, digest]));
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
    (id) => before.get(id) !== after.get(id),
  );
  const stale = new Set(kept.restless);
  const waiting = [...changed];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const node = project.nodes.get(id);
    const isEphemeral = isModelNode(node) && node.nodeConfig.materialization === 'ephemeral';
    if (isEphemeral && !stale.has(id)) waiting.push(...project.graph.childrenOf(id));
    stale.add(id);
    if (stale.size > staleMax) return undefined;
  }
  return stale;
}
