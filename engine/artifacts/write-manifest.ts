import { hash } from 'node:crypto';
import fs from 'node:fs';
import type { Config } from '../declare/config.ts';
import { isModelNode } from '../declare/model-node.ts';
import { type ArtifactFile, openArtifactFile } from './artifact-file.ts';
import { entryIds, manifestEntry, manifestMetadata, manifestRest } from './manifest.ts';
import {
  digestContent,
  type EntryColumns,
  type FilePiece,
  type ManifestLayout,
} from './manifest-layout.ts';
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

/** What was written, with a stamp to be trusted; empty: there is none. */
export interface WrittenManifest extends ManifestLayout {
  readonly stamp: string;
}

/**
 * Writes `target/manifest.json`, unless it stands there already: the same project, as it was read
 * before, with the same SQL of its models, or with none to add to what it holds. Tests of an idle
 * run are no reason to write it. Answers what was written; `always`: it is.
 */
export async function writeManifest(
  request: ManifestRequest,
  { always = false } = {},
): Promise<WrittenManifest | undefined> {
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
async function writeAnew(request: ManifestRequest, digest: string): Promise<WrittenManifest> {
  const { project } = request;
  const from = await gatherManifestSources(request);
  using file = openArtifactFile(artifactPath(project, 'manifest'));
  const head = file.add(headText(request, digest));
  const ids = entryIds(project);
  const pieces = ids.map((id, index) => {
    if (index > 0) file.add(',');
    return file.add(entryText(id, manifestEntry(from, id)));
  });
  const operations = addOperations(file, from, ids.length === 0);
  const parts = Object.entries(manifestRest(from)).map(
    ([name, make]) => [name, addPart(file, name, make())] as const,
  );
  file.add('}');
  const read = [...from.fileTexts].map(([name, text]) => [name, digestContent(text)] as const);
  return { head, entries: columnsOf(ids, pieces), operations, parts, read, stamp: file.end() };
}

export function columnsOf(ids: readonly string[], pieces: readonly FilePiece[]): EntryColumns {
  const [bytes, checksums] = [pieces.map((one) => one.bytes), pieces.map((one) => one.checksum)];
  return { ids, bytes, checksums };
}

/** Behind the nodes, with the end of their list. */
export function addOperations(
  file: Pick<ArtifactFile, 'add'>,
  from: ManifestSources,
  isFirst: boolean,
): FilePiece {
  const texts = Object.entries(manifestOperations(from)).map((entry) => entryText(...entry));
  const lead = isFirst || texts.length === 0 ? '' : ',';
  return file.add(`${lead}${texts.join(',')}}`);
}

export function addPart(file: Pick<ArtifactFile, 'add'>, name: string, part: object): FilePiece {
  return file.add(`,${entryText(name, part)}`);
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
