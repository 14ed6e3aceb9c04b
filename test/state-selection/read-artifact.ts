import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunResults } from '../../engine/artifacts/run-results.ts';

export function readArtifact(folder: string, name: 'run_results.json'): RunResults {
  return JSON.parse(readFileSync(join(folder, 'target', name), 'utf8')) as RunResults;
}
