import type { Config } from '../declare/properties.ts';
import type { Work } from '../plan/work.ts';
import type { RunNotes } from '../run/run-notes.ts';
import type { RunResult } from '../run/run-plan.ts';
import { messageOf } from '../words/errors.ts';
import { buildRunResults, type RunResults } from './run-results.ts';
import { writeArtifact } from './write-artifact.ts';
import { writeManifest } from './write-manifest.ts';

export interface RunArtifacts {
  readonly work: Work;
  readonly result: Pick<RunResult, 'steps'>;
  readonly notes: RunNotes;
  readonly args: Config;
  readonly nowMs: number;
}

/** What became of each node so far, as `run_results.json` will tell it. */
export function describeResults(from: RunArtifacts): RunResults['results'] {
  const { work, result, notes, args, nowMs } = from;
  const { models, request, selected } = work;
  if (!models) return [];
  const { boundaryMs, invocationId } = request;
  const moment = { invocationId, startedAtMs: boundaryMs, generatedAtMs: nowMs };
  const { steps } = result;
  return buildRunResults({ project: models, moment, steps, notes, selected, args }).results;
}

/**
 * Writes `manifest.json` and `run_results.json` of a run that had to do with models. A folder that
 * cannot be written to (a read-only image, a full disk) does not change what became of the run.
 */
export async function writeRunArtifacts(from: RunArtifacts): Promise<void> {
  const { work, result, notes, args, nowMs } = from;
  const { models, request, selected } = work;
  const { kinds } = request.scope;
  if (!models || !(kinds.has('materialize') || kinds.has('check'))) return;
  const { boundaryMs, invocationId, log } = request;
  const moment = { invocationId, startedAtMs: boundaryMs, generatedAtMs: nowMs };
  const compiled = new Map([...notes.compiled].map(([id, { sql }]) => [id, sql]));
  const { steps } = result;
  try {
    const results = buildRunResults({ project: models, moment, steps, notes, selected, args });
    await writeArtifact(models, 'run_results', results);
    await writeManifest({ project: models, moment, compiled });
  } catch (error) {
    if (!isFileError(error)) throw error;
    log.warn('artifacts.not_written', { message: messageOf(error) });
  }
}

function isFileError(error: unknown): boolean {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
}
