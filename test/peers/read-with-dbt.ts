import { execFileSync } from 'node:child_process';
import { type ArtifactFile, readArtifact } from '../artifacts/artifact-files.ts';
import type { Python } from './python.ts';

/** dbt's own reading of the folder, by `parse` or `compile`, as its manifest. */
export function readWithDbt({ dbt }: Python, folder: string, ...command: string[]): ArtifactFile {
  const places = ['--project-dir', folder, '--profiles-dir', folder, '--no-partial-parse'];
  const env = { ...process.env, HOME: folder, DBT_SEND_ANONYMOUS_USAGE_STATS: 'false' };
  execFileSync(dbt, [...command, ...places], { env, cwd: folder, stdio: 'pipe' });
  return readArtifact(folder, 'manifest');
}
