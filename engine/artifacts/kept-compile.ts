import { join, resolve } from 'node:path';
import { readStamp, trustStamp } from '../declare/memory/file-stamp.ts';
import { programIdentity } from '../declare/memory/program-identity.ts';
import { openSectionFile, writeSectionFile } from '../declare/memory/section-file.ts';
import { traceOfEnv } from '../declare/memory/watched-env.ts';
import type { ProjectChange } from '../declare/project-shape.ts';
import {
  digestFile,
  type KeptNodes,
  restoreNodes,
  type StoredNodes,
  storeNodes,
  verifyNodes,
} from './kept-nodes.ts';
import { digestContent, piecesOf } from './manifest-layout.ts';
import { openStandingFile, type StandingFile } from './standing-file.ts';
import type { WrittenManifest } from './write-manifest.ts';

/** A file as it was read. */
interface KeptFile {
  /** Absolute, or from the project's root. */
  readonly path: string;
  /** Empty: its content must be looked at. */
  readonly stamp: string;
  readonly digest: string;
}

/** What compiling a whole project came to. Losing it costs time only. */
export interface KeptCompile {
  /** Of everything that it follows from besides the project. */
  readonly key: string;
  /** The project's, and how it differs from one that was read whole. */
  readonly stamp: string;
  readonly change: KeptChange;
  /** A digest of the ids that were meant, in their order. */
  readonly ids: string;
  /** Names of the environment that were looked at, with digests of their values. */
  readonly env: readonly (readonly [string, string])[];
  /** In the order in which they were compiled. */
  readonly nodes: KeptNodes;
  /** Files that were read for the manifest alone. */
  readonly inputs: readonly KeptFile[];
  /** Nodes that come to something else each time, or may: clock, warehouse, what they say. */
  readonly restless: readonly string[];
  readonly manifest: WrittenManifest;
}

export type KeptChange = Pick<ProjectChange, 'stamp' | 'nodes' | 'macros'>;

const sectionName = 'compile';

function fileIn(folder: string): string {
  return join(folder, 'compiled');
}

type StoredCompile = Omit<KeptCompile, 'nodes'> & { readonly nodes: StoredNodes };

export function readKeptCompile(folder: string): KeptCompile | undefined {
  const file = openSectionFile(fileIn(folder), programIdentity());
  const text = file.read(sectionName);
  file.close();
  const stored = text === undefined ? undefined : (JSON.parse(text) as StoredCompile);
  const nodes = stored && restoreNodes(stored.nodes);
  return nodes && { ...stored, nodes };
}

export function saveKeptCompile(folder: string, kept: KeptCompile): void {
  const stored: StoredCompile = { ...kept, nodes: storeNodes(kept.nodes) };
  writeSectionFile(fileIn(folder), programIdentity(), { [sectionName]: JSON.stringify(stored) });
}

/** See `KeptCompile`: of a project as it is now. */
export function changeOf(project: {
  readonly stamp: string;
  readonly change?: ProjectChange;
}): KeptChange {
  const { stamp, nodes, macros } = project.change ?? { ...project, nodes: [], macros: [] };
  return { stamp, nodes, macros };
}

export function digestIds(ids: readonly string[]): string {
  return digestContent(ids.join(' '));
}

export function isSameEnv(
  kept: KeptCompile,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  return kept.env.every(([name, trace]) => traceOfEnv(env[name]) === trace);
}

/** What was kept, with stamps that can be trusted from now on. */
export interface VerifiedCompile {
  readonly kept: KeptCompile;
  /** How many of the stamps are others: worth a write where there are many. */
  readonly fresh: number;
}

/**
 * Whether every file that was read past the project, or written, the manifest aside, is there and
 * untouched. Undefined: one is not.
 */
export function verifyFiles(
  kept: KeptCompile,
  root: string,
  nowMs: number,
): VerifiedCompile | undefined {
  const found = verifyNodes(kept.nodes, root, nowMs);
  if (found === undefined) return undefined;
  let { fresh } = found;
  const inputs: KeptFile[] = [];
  for (const file of kept.inputs) {
    const path = resolve(root, file.path);
    const stamp = readStamp(path);
    if (stamp?.text === file.stamp) inputs.push(file);
    else if (digestFile(path) !== file.digest) return undefined;
    else {
      inputs.push({ ...file, stamp: trustStamp(stamp, nowMs)?.text ?? '' });
      fresh += 1;
    }
  }
  return { kept: { ...kept, nodes: found.nodes, inputs }, fresh };
}

/**
 * The manifest as it stands, where that is what was written: pieces are taken from it then. It has
 * a stamp that can be trusted from now on, which is empty where there is none.
 */
export function openManifest(
  { manifest }: Pick<KeptCompile, 'manifest'>,
  path: string,
  nowMs: number,
): { readonly file: StandingFile; readonly stamp: string } | undefined {
  // Opened first: whoever puts another in its place from now on changes the stamp, not the file.
  const file = openStandingFile(path);
  if (file === undefined) return undefined;
  const stamp = readStamp(path);
  if (stamp?.text === manifest.stamp) return { file, stamp: stamp.text };
  if (file.isMadeOf(piecesOf(manifest))) {
    return { file, stamp: trustStamp(stamp, nowMs)?.text ?? '' };
  }
  void file.close();
  return undefined;
}
