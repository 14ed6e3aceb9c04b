import { asConfig, type Config } from '../declare/properties.ts';
import { type ArtifactFile, openArtifactFile } from './artifact-file.ts';
import type { KeptCompile } from './kept-compile.ts';
import { entryIds, manifestEntry, manifestRest } from './manifest.ts';
import type { ManifestLayout } from './manifest-layout.ts';
import { manifestMacros } from './manifest-macro.ts';
import { gatherManifestSources, type ManifestRequest } from './manifest-sources.ts';
import { openStandingFile, type StandingFile } from './standing-file.ts';
import { artifactPath } from './write-artifact.ts';
import { addOperations, addPart, entryText, headText } from './write-manifest.ts';

/** What of a manifest is made anew. */
export interface ManifestChange {
  /** Nodes whose entries may be others; new ones are found out. */
  readonly ids: ReadonlySet<string>;
  /** Nodes came or went, or read other ones. */
  readonly isLinked: boolean;
  /** Macros whose texts are others; none came or went. */
  readonly macros: ReadonlySet<string>;
}

/**
 * Writes the manifest with what has changed made anew and all else as it stands in it; that keeps
 * the time it was made at. Undefined where what stands is not what was written.
 */
export async function spliceManifest(
  request: ManifestRequest,
  layout: KeptCompile['manifest'],
  digest: string,
  change: ManifestChange,
): Promise<ManifestLayout | undefined> {
  const { project } = request;
  const path = artifactPath(project, 'manifest');
  using standing = openStandingFile(path, layout);
  if (standing === undefined) return undefined;
  const from = await gatherManifestSources(request);
  using file = openArtifactFile(path);
  const head = file.add(headText(request, digest));
  const copy = openCopy(file, standing);
  const places = placeEntries(layout);
  const entries = entryIds(project).map((id, index) => {
    if (index > 0) copy.comma();
    const place = change.ids.has(id) ? undefined : places.get(id);
    if (place === undefined) return [id, copy.add(entryText(id, manifestEntry(from, id)))] as const;
    copy.keep(...place);
    return [id, place[1]] as const;
  });
  copy.flush();
  const operations = addOperations(file, from, entries.length === 0);
  const stands = new Set(['docs']);
  if (!change.isLinked) stands.add('parent_map').add('child_map');
  if (change.macros.size === 0) stands.add('macros');
  let at = partsStart(layout);
  const mendMacros = (bytes: number): object => {
    const entries = readPart(standing, 'macros', at, bytes);
    return manifestMacros(from, (id) => (change.macros.has(id) ? undefined : entries[id]));
  };
  const rest: Readonly<Record<string, (bytes: number) => object>> = {
    ...manifestRest(from),
    macros: mendMacros,
  };
  const parts = layout.parts.map(([name, bytes]) => {
    const make = stands.has(name) ? undefined : rest[name];
    if (make === undefined) file.copy(standing, at, bytes);
    const added = make ? addPart(file, name, make(bytes)) : bytes;
    at += bytes;
    return [name, added] as const;
  });
  file.add('}');
  if (!standing.isUntouched()) return undefined;
  return { ...file.end(), head, entries, operations, parts, read: layout.read };
}

/** A part that stands; empty where it is no JSON: the file is found to be another at its end. */
function readPart(
  standing: StandingFile,
  name: string,
  at: number,
  bytes: number,
): Readonly<Record<string, Config>> {
  const text = Buffer.alloc(bytes);
  standing.read(at, text);
  try {
    const part = JSON.parse(`{${text.toString('utf8').slice(1)}}`) as Record<string, Config>;
    return asConfig(part[name]) as Readonly<Record<string, Config>>;
  } catch {
    return {};
  }
}

type Place = readonly [at: number, bytes: number];

function placeEntries({ head, entries }: ManifestLayout): Map<string, Place> {
  const places = new Map<string, Place>();
  let at = head;
  for (const [id, bytes] of entries) {
    places.set(id, [at, bytes]);
    at += bytes + 1;
  }
  return places;
}

function partsStart({ head, entries, operations }: ManifestLayout): number {
  const commas = Math.max(0, entries.length - 1);
  return entries.reduce((sum, [, bytes]) => sum + bytes, head + commas) + operations;
}

interface Copy {
  add(text: string): number;
  comma(): void;
  keep(at: number, bytes: number): void;
  flush(): void;
}

/** What stands in a row in both files is written in one go. */
function openCopy(file: Pick<ArtifactFile, 'add' | 'copy'>, standing: StandingFile): Copy {
  let from = 0;
  let to = 0;
  let hasComma = false;
  const flush = (): void => {
    if (to > from) file.copy(standing, from, to - from);
    from = 0;
    to = 0;
    if (hasComma) file.add(',');
    hasComma = false;
  };
  return {
    add: (text) => {
      flush();
      return file.add(text);
    },
    comma: () => {
      hasComma = true;
    },
    keep: (at, bytes) => {
      const isNext = hasComma && to > from && at === to + 1;
      if (isNext) hasComma = false;
      else {
        flush();
        from = at;
      }
      to = at + bytes;
    },
    flush,
  };
}
