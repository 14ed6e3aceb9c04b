import { openArtifactFile } from './artifact-file.ts';
import { readManifest } from './kept-compile.ts';
import { entryNodes, manifestEntry } from './manifest.ts';
import type { ManifestLayout } from './manifest-layout.ts';
import { gatherManifestSources, type ManifestRequest } from './manifest-sources.ts';
import { artifactPath } from './write-artifact.ts';
import { entryText, headText } from './write-manifest.ts';

/**
 * Writes the manifest with the entries of `ids` made anew and all others as they stand in it; they
 * keep the time they were made at. Undefined where what stands is not what was written.
 */
export async function spliceManifest(
  request: ManifestRequest,
  layout: ManifestLayout,
  digest: string,
  ids: ReadonlySet<string>,
): Promise<ManifestLayout | undefined> {
  const { project } = request;
  const path = artifactPath(project.root, 'manifest');
  const nodes = entryNodes(project);
  const standing = nodes.length === layout.entries.length ? readManifest(layout, path) : undefined;
  if (standing === undefined) return undefined;
  const from = await gatherManifestSources(request);
  using file = openArtifactFile(path);
  const head = file.add(headText(request, digest));
  const entries: number[] = [];
  let at = layout.head;
  let keptFrom = at;
  const keep = (): void => {
    if (at > keptFrom) file.add(standing.subarray(keptFrom, at));
  };
  for (const [index, node] of nodes.entries()) {
    const length = layout.entries[index] ?? 0;
    if (ids.has(node.id)) {
      keep();
      entries.push(file.add(entryText(node.id, manifestEntry(from, node), index === 0)));
      keptFrom = at + length;
    } else entries.push(length);
    at += length;
  }
  at = standing.length;
  keep();
  return { ...file.end(), head, entries, read: layout.read };
}
