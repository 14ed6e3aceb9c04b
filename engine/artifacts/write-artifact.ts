import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactName } from './metadata.ts';

/** The folder of a project that artifacts are written to, and `clean` removes. */
export const targetFolder = 'target';

/** Replaces an artifact whole: whoever reads it meanwhile sees the old one or the new one. */
export async function writeArtifact(
  root: string,
  name: ArtifactName,
  artifact: unknown,
): Promise<void> {
  const folder = join(root, targetFolder);
  const path = join(folder, `${name}.json`);
  const next = `${path}.${process.pid}.next`;
  await mkdir(folder, { recursive: true });
  await writeFile(next, JSON.stringify(artifact, writeBigInt));
  await rename(next, path);
}

/** Counts beyond 2^53 are told as text rather than wrongly. */
function writeBigInt(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
