import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { isModelNode } from '../declare/model-node.ts';
import { buildManifest } from './manifest.ts';
import type { ManifestRequest } from './manifest-sources.ts';
import { artifactPath, writeArtifact } from './write-artifact.ts';

/** Under this name of its metadata's `env` a manifest says which project and SQL it tells of. */
const markName = 'tidemill';
/** The metadata stands at the head of the file, well within this. */
const headBytes = 4_096;

/**
 * Writes `target/manifest.json`, unless it stands there already: the same project, as it was read
 * before, with the same SQL of its models, or with none to add to what it holds. Tests of an idle
 * run are no reason to write it.
 */
export async function writeManifest(request: ManifestRequest): Promise<void> {
  const { project, compiled } = request;
  const models = [...compiled].filter(([id]) => isModelNode(project.nodes.get(id)));
  const standing = `"${markName}":"${project.stamp}.`;
  const digest = digestOf(models, request.hasFiles ?? false);
  const head = await readHead(artifactPath(project.root, 'manifest'));
  const wanted = models.length === 0 ? standing : `${standing}${digest}"`;
  if (head.includes(wanted)) return;
  const manifest = await buildManifest(request);
  const env = { [markName]: `${project.stamp}.${digest}` };
  const metadata = { ...manifest.metadata, env };
  await writeArtifact(project.root, 'manifest', { ...manifest, metadata });
}

function digestOf(compiled: readonly (readonly [string, string])[], hasFiles: boolean): string {
  const hash = createHash('sha1').update(String(hasFiles));
  for (const [id, sql] of compiled) hash.update(`\0${id}\0${sql}`);
  return hash.digest('hex');
}

/** Empty where there is no such file. */
async function readHead(path: string): Promise<string> {
  try {
    await using file = await open(path, 'r');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
}
