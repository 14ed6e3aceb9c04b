import { asConfig, type Config } from '../declare/config.ts';
import { findPlaces } from '../words/find-places.ts';
import { type ArtifactFile, openArtifactFile } from './artifact-file.ts';
import { entryIds, manifestEntry, manifestRest } from './manifest.ts';
import type { FilePiece, ManifestLayout } from './manifest-layout.ts';
import { manifestMacros } from './manifest-macro.ts';
import { gatherManifestSources, type ManifestRequest } from './manifest-sources.ts';
import type { StandingFile } from './standing-file.ts';
import { artifactPath } from './write-artifact.ts';
import {
  addOperations,
  addPart,
  columnsOf,
  entryText,
  headText,
  type WrittenManifest,
} from './write-manifest.ts';

/** What of a manifest is made anew. */
export interface ManifestChange {
  /** Nodes whose entries may be others; new ones are found out. */
  readonly ids: ReadonlySet<string>;
  /** Nodes came or went, or read other ones. */
  readonly isLinked: boolean;
  /** Macros whose texts are others; none came or went. */
  readonly macros: ReadonlySet<string>;
}

/** The manifest that stands, and where everything is in it. */
export interface StandingManifest {
  readonly file: StandingFile;
  readonly layout: ManifestLayout;
}

/**
 * Writes the manifest with what has changed made anew and all else as it stands in it; that keeps
 * the time it was made at.
 */
export async function spliceManifest(
  request: ManifestRequest,
  { file: standing, layout }: StandingManifest,
  digest: string,
  change: ManifestChange,
): Promise<WrittenManifest> {
  const { project } = request;
  const from = await gatherManifestSources(request);
  using file = openArtifactFile(artifactPath(project, 'manifest'));
  const head = file.add(headText(request, digest));
  const copy = openCopy(file, standing);
  const places = placeEntries(layout);
  const ids = entryIds(project);
  const pieces = ids.map((id, index) => {
    if (index > 0) copy.comma();
    const place = places(id);
    if (place === undefined || change.ids.has(id))
      return copy.add(entryText(id, manifestEntry(from, id)));
    copy.keep(place);
    return place;
  });
  copy.flush();
  const operations = addOperations(file, from, ids.length === 0);
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
  const parts = layout.parts.map(([name, piece]) => {
    const make = stands.has(name) ? undefined : rest[name];
    if (make === undefined) file.copy(standing, at, piece.bytes);
    const added = make ? addPart(file, name, make(piece.bytes)) : piece;
    at += piece.bytes;
    return [name, added] as const;
  });
  file.add('}');
  const entries = columnsOf(ids, pieces);
  return { head, entries, operations, parts, read: layout.read, stamp: file.end() };
}

/** A part that stands; empty where somebody has just written to it: all of it is made anew then. */
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

interface Place extends FilePiece {
  readonly at: number;
}

function placeEntries({ head, entries }: ManifestLayout): (id: string) => Place | undefined {
  const places = findPlaces(entries.ids);
  let end = head.bytes - 1;
  const ends = entries.bytes.map((bytes) => (end += bytes + 1));
  return (id) => {
    const place = places(id);
    if (place === undefined) return undefined;
    const bytes = entries.bytes[place] ?? 0;
    return { at: (ends[place] ?? 0) - bytes, bytes, checksum: entries.checksums[place] ?? 0 };
  };
}

function partsStart({ head, entries, operations }: ManifestLayout): number {
  const commas = Math.max(0, entries.ids.length - 1);
  return entries.bytes.reduce((sum, bytes) => sum + bytes, head.bytes + commas) + operations.bytes;
}

interface Copy {
  add(text: string): FilePiece;
  comma(): void;
  keep(place: Place): void;
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
    keep: ({ at, bytes }) => {
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
