import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { type FileStamp, readStamp, stampTrustedAfterMs } from '../declare/memory/file-stamp.ts';
import { programIdentity } from '../declare/memory/program-identity.ts';
import { openSectionFile, writeSectionFile } from '../declare/memory/section-file.ts';
import { traceOfEnv } from '../declare/memory/watched-env.ts';
import type { ProjectChange } from '../declare/project-shape.ts';
import { digestContent, piecesOf } from './manifest-layout.ts';
import { openStandingFile, type StandingFile } from './standing-file.ts';
import type { WrittenManifest } from './write-manifest.ts';

/** A file as it was written, or read. */
interface KeptFile {
  /** Absolute, or from the project's root. */
  readonly path: string;
  /** Empty: its content must be looked at. */
  readonly stamp: string;
  readonly digest: string;
}

/** One node as it was compiled, and the file that its SQL is in. */
export interface KeptNode extends KeptFile {
  readonly id: string;
  readonly isModel: boolean;
  /** Ids of macros that were looked up; absent: none of the project's or its packages'. */
  readonly macros?: readonly string[];
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
  readonly nodes: readonly KeptNode[];
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

export function readKeptCompile(folder: string): KeptCompile | undefined {
  const file = openSectionFile(fileIn(folder), programIdentity());
  const text = file.read(sectionName);
  file.close();
  return text === undefined ? undefined : (JSON.parse(text) as KeptCompile);
}

export function saveKeptCompile(folder: string, kept: KeptCompile): void {
  writeSectionFile(fileIn(folder), programIdentity(), { [sectionName]: JSON.stringify(kept) });
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

/**
 * Whether every file that was read past the project, or written, the manifest aside, is there and
 * untouched; with stamps that can be trusted from now on. Undefined: one is not.
 */
export function verifyFiles(
  kept: KeptCompile,
  root: string,
  nowMs: number,
): KeptCompile | undefined {
  const nodes = verifyAll(kept.nodes, root, nowMs);
  const inputs = nodes && verifyAll(kept.inputs, root, nowMs);
  return nodes && inputs && { ...kept, nodes, inputs };
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
  const stamp = readStamp(path);
  const file = stamp && openStandingFile(path);
  if (file === undefined) return undefined;
  if (stamp?.text === manifest.stamp) return { file, stamp: stamp.text };
  if (stamp && file.isMadeOf(piecesOf(manifest))) return { file, stamp: trustedText(stamp, nowMs) };
  void file.close();
  return undefined;
}

function verifyAll<F extends KeptFile>(
  files: readonly F[],
  root: string,
  nowMs: number,
): F[] | undefined {
  const verified: F[] = [];
  for (const file of files) {
    // Joined by hand: thousands of paths take longer to be put right than to be looked at.
    const path = isAbsolute(file.path) ? file.path : `${root}/${file.path}`;
    const stamp = readStamp(path);
    if (stamp === undefined) return undefined;
    if (file.stamp === stamp.text) verified.push(file);
    else {
      const content = readBytes(path);
      if (content === undefined) return undefined;
      if (digestContent(content.toString('utf8')) !== file.digest) return undefined;
      verified.push({ ...file, stamp: trustedText(stamp, nowMs) });
    }
  }
  return verified;
}

/** How many stamps of the second are not those of the first: worth a write where there are many. */
export function countFresh(kept: KeptCompile, verified: KeptCompile): number {
  const stampsOf = ({ nodes, inputs, manifest }: KeptCompile): string[] =>
    [...nodes, ...inputs, manifest].map(({ stamp }) => stamp);
  const before = stampsOf(kept);
  return stampsOf(verified).filter((stamp, index) => stamp !== before[index]).length;
}

/** A stamp of a file written just now would hide a change in the same tick. */
function trustedText(stamp: FileStamp, nowMs: number): string {
  return stamp.changedMs < nowMs - stampTrustedAfterMs ? stamp.text : '';
}

function readBytes(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    // It went: as good as another.
    return undefined;
  }
}
