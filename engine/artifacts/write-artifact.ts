import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ArtifactName } from './metadata.ts';

/** The folder of a project that artifacts are written to, and `clean` removes. */
export const targetFolder = 'target';

export function artifactPath(root: string, name: ArtifactName): string {
  return join(root, targetFolder, `${name}.json`);
}

/** Replaces an artifact whole: whoever reads it meanwhile sees the old one or the new one. */
export async function writeArtifact(
  root: string,
  name: ArtifactName,
  artifact: unknown,
): Promise<void> {
  const path = artifactPath(root, name);
  const next = `${path}.${process.pid}.next`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(next, toText(artifact));
  await rename(next, path);
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
