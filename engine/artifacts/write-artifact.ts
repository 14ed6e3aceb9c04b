import fs from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { ModelProject } from '../declare/project-shape.ts';
import type { ArtifactName } from './metadata.ts';

type Placed = Pick<ModelProject, 'root' | 'targetPath'>;

export function artifactPath({ root, targetPath }: Placed, name: ArtifactName): string {
  return resolve(root, targetPath, `${name}.json`);
}

/**
 * Replaces an artifact whole: whoever reads it meanwhile sees the old one or the new one. `file`:
 * in place of the usual one, from the project's folder.
 */
export async function writeArtifact(
  project: Placed,
  name: ArtifactName,
  artifact: unknown,
  file?: string,
): Promise<void> {
  const path = file === undefined ? artifactPath(project, name) : resolve(project.root, file);
  const next = `${path}.${process.pid}.next`;
  // `fs.promises` is a module that Node makes when it is asked for: most commands never do.
  await fs.promises.mkdir(dirname(path), { recursive: true });
  await fs.promises.writeFile(next, toText(artifact));
  await fs.promises.rename(next, path);
}

/** Numbers beyond 2^53 are rare, and looking for them takes longer than all the rest. */
export function toText(artifact: unknown): string {
  try {
    return JSON.stringify(artifact);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(artifact, writeBigInt);
  }
}

/** Told as text rather than wrongly. */
function writeBigInt(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
