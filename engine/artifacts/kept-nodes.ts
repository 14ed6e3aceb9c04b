import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { hasStamp, readStamp, stampLength, trustStamp } from '../declare/memory/file-stamp.ts';
import { findPlaces } from '../words/find-places.ts';
import { digestContent } from './manifest-layout.ts';

/** One node as it was compiled, and the file that its SQL is in. */
export interface KeptNode {
  readonly id: string;
  /** From the project's root; absolute where all of them are. */
  readonly path: string;
  /** Of its SQL. */
  readonly digest: string;
  readonly isModel: boolean;
  /** Ids of macros that were looked up, of the project and its packages. */
  readonly macros: readonly string[];
}

/**
 * Nodes in the order in which they were compiled, in columns: thousands of objects take longer to
 * be read and written than all that is done with them.
 */
export interface KeptNodes {
  readonly ids: readonly string[];
  readonly paths: readonly string[];
  readonly digests: readonly string[];
  /** Whether it is a model: 1, or 0. */
  readonly models: readonly number[];
  /** Many nodes look up the same macros: each list once, and of each node its place. */
  readonly macroLists: readonly (readonly string[])[];
  readonly macros: readonly number[];
  /** Of each file the numbers of its stamp; zeros: its content must be looked at. */
  readonly stamps: Float64Array;
}

export type StoredNodes = Omit<KeptNodes, 'stamps'> & { readonly stamps: string };

const noNodes: KeptNodes = {
  ids: [],
  paths: [],
  digests: [],
  models: [],
  macroLists: [],
  macros: [],
  stamps: new Float64Array(),
};

/** The nodes of these ids in their order: the `made` ones, and of the others what was kept. */
export function joinNodes(
  ids: readonly string[],
  made: ReadonlyMap<string, KeptNode>,
  kept: KeptNodes = noNodes,
): KeptNodes {
  const places = findPlaces(kept.ids);
  const joined = {
    ids: [] as string[],
    paths: [] as string[],
    digests: [] as string[],
    models: [] as number[],
    macros: [] as number[],
    macroLists: [...kept.macroLists],
    stamps: new Float64Array(ids.length * stampLength),
  };
  const listPlaces = new Map(kept.macroLists.map((list, index) => [list.join(' '), index]));
  const listOf = (macros: readonly string[]): number => {
    const key = macros.join(' ');
    const place = listPlaces.get(key) ?? joined.macroLists.push(macros) - 1;
    listPlaces.set(key, place);
    return place;
  };
  for (const id of ids) {
    const place = places(id);
    const node = made.get(id);
    if (node) {
      joined.paths.push(node.path);
      joined.digests.push(node.digest);
      joined.models.push(Number(node.isModel));
      joined.macros.push(listOf(node.macros));
    } else if (place !== undefined) {
      joined.paths.push(kept.paths[place] ?? '');
      joined.digests.push(kept.digests[place] ?? '');
      joined.models.push(kept.models[place] ?? 0);
      joined.macros.push(kept.macros[place] ?? 0);
      const at = joined.ids.length * stampLength;
      for (let each = 0; each < stampLength; each += 1) {
        joined.stamps[at + each] = kept.stamps[place * stampLength + each] ?? 0;
      }
    } else continue;
    joined.ids.push(id);
  }
  return { ...joined, stamps: joined.stamps.slice(0, joined.ids.length * stampLength) };
}

/**
 * With stamps that can be trusted from now on, where every file is there and untouched, and how
 * many of them are others than before. Undefined: one is not.
 */
export function verifyNodes(
  nodes: KeptNodes,
  root: string,
  nowMs: number,
): { readonly nodes: KeptNodes; readonly fresh: number } | undefined {
  // Joined by hand: thousands of paths take longer to be put right than to be looked at.
  const folder = isAbsolute(nodes.paths[0] ?? '') ? '' : `${root}/`;
  let stamps: Float64Array | undefined;
  let fresh = 0;
  for (let index = 0; index < nodes.paths.length; index += 1) {
    const path = `${folder}${nodes.paths[index] ?? ''}`;
    if (hasStamp(path, nodes.stamps, index * stampLength)) continue;
    const stamp = readStamp(path);
    if (stamp === undefined || digestFile(path) !== nodes.digests[index]) return undefined;
    stamps ??= nodes.stamps.slice();
    const { numbers } = trustStamp(stamp, nowMs) ?? { numbers: noStamp };
    stamps.set(numbers, index * stampLength);
    fresh += 1;
  }
  return { nodes: stamps ? { ...nodes, stamps } : nodes, fresh };
}

const noStamp: readonly number[] = Array.from({ length: stampLength }, () => 0);

/** Undefined where it went: as good as another. */
export function digestFile(path: string): string | undefined {
  try {
    return digestContent(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Of each model its id and digest. */
export function listModels({ ids, digests, models }: KeptNodes): [id: string, digest: string][] {
  return ids.flatMap((id, index) => (models[index] === 1 ? [[id, digests[index] ?? '']] : []));
}

/** Nodes that looked up one of these macros. */
export function usersOf(
  { ids, macros, macroLists }: KeptNodes,
  wanted: ReadonlySet<string>,
): string[] {
  if (wanted.size === 0) return [];
  const isUser = macroLists.map((list) => list.some((id) => wanted.has(id)));
  return ids.filter((_, index) => isUser[macros[index] ?? -1]);
}

export function storeNodes(nodes: KeptNodes): StoredNodes {
  const { buffer, byteOffset, byteLength } = nodes.stamps;
  return { ...nodes, stamps: Buffer.from(buffer, byteOffset, byteLength).toString('base64') };
}

/** Undefined where it is not what was stored. */
export function restoreNodes(stored: StoredNodes): KeptNodes | undefined {
  const bytes = new Uint8Array(Buffer.from(stored.stamps, 'base64'));
  if (bytes.length !== stored.ids.length * stampLength * Float64Array.BYTES_PER_ELEMENT) {
    return undefined;
  }
  return { ...stored, stamps: new Float64Array(bytes.buffer) };
}
