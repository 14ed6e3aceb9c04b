import { hash } from 'node:crypto';
import fs from 'node:fs';
import { isModelNode } from '../declare/model-node.ts';
import type { Config } from '../declare/properties.ts';
import { type ArtifactFile, openArtifactFile } from './artifact-file.ts';
import { entryIds, manifestEntry, manifestMetadata, manifestRest } from './manifest.ts';
import { digestContent, type ManifestLayout } from './manifest-layout.ts';
import { manifestOperations } from './manifest-operation.ts';
import {
  gatherManifestSources,
  type ManifestRequest,
  type ManifestSources,
} from './manifest-sources.ts';
import { artifactPath, toText } from './write-artifact.ts';

/** Under this name of its `env` a manifest says which project, environment and SQL it tells of. */
const markName = 'tidemill';
/** The metadata stands at the head of the file, well within this. */
const headBytes = 4_096;

/**
 * Writes `target/manifest.json`, unless it stands there already: the same project, as it was read
 * before, with the same SQL of its models, or with none to add to what it holds. Tests of an idle
 * run are no reason to write it. Answers what was written; `always`: it is.
 */
export async function writeManifest(
  request: ManifestRequest,
  { always = false } = {},
): Promise<ManifestLayout | undefined> {
  const { project, compiled } = request;
  const models = [...compiled].filter(([id]) => isModelNode(project.nodes.get(id)));
  const standing = `"${markName}":"${markOf(request)}`;
  const digests = models.map(([id, sql]) => [id, digestContent(sql)] as const);
  const digest = digestOf(digests, request.hasFiles ?? false);
  const head = await readHead(artifactPath(project, 'manifest'));
  const wanted = models.length === 0 ? standing : `${standing}${digest}"`;
  if (!always && head.includes(wanted)) return undefined;
  return await writeAnew(request, digest);
}

/** Of everything that a manifest tells of besides SQL. */
function markOf({ project, moment }: ManifestRequest): string {
  const env = Object.entries(moment.env ?? {}).flat();
  return `${project.stamp}.${env.length > 0 ? `${digestContent(env.join('\0'))}.` : ''}`;
}

/** One digest of the SQL of all models. */
export function digestOf(
  models: readonly (readonly [id: string, digest: string])[],
  hasFiles: boolean,
): string {
  return hash('sha1', [String(hasFiles), ...models.flat()].join('\0'));
}

/** Entry by entry: neither the manifest nor its text is ever whole in memory. */
async function writeAnew(request: ManifestRequest, digest: string): Promise<ManifestLayout> {
  const { project } = request;
  const from = await gatherManifestSources(request);
  using file = openArtifactFile(artifactPath(project, 'manifest'));
  const head = file.add(headText(request, digest));
  const entries = entryIds(project).map((id, index) => {
    if (index > 0) file.add(',');
    return [id, file.add(entryText(id, manifestEntry(from, id)))] as const;
  });
  const operations = addOperations(file, from, entries.length === 0);
  const parts = Object.entries(manifestRest(from)).map(
    ([name, make]) => [name, addPart(file, name, make())] as const,
  );
  file.add('}');
  const read = [...from.fileTexts].map(([name, text]) => [name, digestContent(text)] as const);
  return { ...file.end(), head, entries, operations, parts, read };
}

/** Behind the nodes, with the end of their list; answers how many bytes it is. */
export function addOperations(
  file: Pick<ArtifactFile, 'add'>,
  from: ManifestSources,
  isFirst: boolean,
): number {
  let bytes = 0;
  for (const [index, [id, operation]] of Object.entries(manifestOperations(from)).entries()) {
    const comma = isFirst && index === 0 ? '' : ',';
    bytes += file.add(`${comma}${entryText(id, operation)}`);
  }
  return bytes + file.add('}');
}

/** Answers how many bytes it is. Maps of ids are small: they are written in one go. */
export function addPart(file: Pick<ArtifactFile, 'add'>, name: string, part: object): number {
  if (name.endsWith('_map')) return file.add(`,${entryText(name, part)}`);
  let bytes = file.add(`,${JSON.stringify(name)}:{`);
  for (const [index, [key, entry]] of Object.entries(part).entries()) {
    bytes += file.add(`${index === 0 ? '' : ','}${entryText(key, entry)}`);
  }
  return bytes + file.add('}');
}

export function headText(request: ManifestRequest, digest: string): string {
  const mark = { [markName]: `${markOf(request)}${digest}` };
  const env = { ...mark, ...request.moment.env };
  const metadata: Config = { ...manifestMetadata(request), env };
  return `{"metadata":${toText(metadata)},"nodes":{`;
}

export function entryText(name: string, entry: unknown): string {
  return `${JSON.stringify(name)}:${toText(entry)}`;
}

/** Empty where there is no such file. */
async function readHead(path: string): Promise<string> {
  try {
    await using file = await fs.promises.open(path, 'r');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
}
