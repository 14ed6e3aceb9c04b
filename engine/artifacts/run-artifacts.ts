import type { Config } from '../declare/config.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { nameTestRelations } from '../declare/test-relation.ts';
import type { Work } from '../plan/work.ts';
import type { RunNotes } from '../run/run-notes.ts';
import type { RunResult } from '../run/run-plan.ts';
import { messageOf } from '../words/errors.ts';
import type { Log } from '../words/log.ts';
import type { ManifestRequest } from './manifest-sources.ts';
import { type ArtifactMoment, envOfArtifacts } from './metadata.ts';
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
export async function describeResults(from: RunArtifacts): Promise<RunResults['results']> {
  const { models } = from.work;
  return models ? (await gatherResults(from, models)).results : [];
}

async function gatherResults(from: RunArtifacts, project: ModelProject): Promise<RunResults> {
  const { work, result, notes, args } = from;
  const { request, selected } = work;
  const testRelations = await nameTestRelations(project, request.scope.storeFailures ?? false);
  const { steps } = result;
  return buildRunResults({
    project,
    moment: momentOf(from),
    steps,
    notes,
    selected,
    args,
    testRelations,
  });
}

function momentOf({ work, nowMs }: RunArtifacts): ArtifactMoment {
  const { boundaryMs, invocationId } = work.request;
  const env = envOfArtifacts(work.models?.env ?? {});
  return { invocationId, startedAtMs: boundaryMs, generatedAtMs: nowMs, env };
}

/**
 * Writes `manifest.json` and `run_results.json` of a run that had to do with models. A folder that
 * cannot be written to (a read-only image, a full disk) does not change what became of the run.
 */
export async function writeRunArtifacts(from: RunArtifacts): Promise<void> {
  const { models, request } = from.work;
  const { kinds } = request.scope;
  if (!models || !(kinds.has('materialize') || kinds.has('check'))) return;
  const { log } = request;
  const compiled = new Map([...from.notes.compiled].map(([id, { sql }]) => [id, sql]));
  const results = await gatherResults(from, models);
  await writeBoth({ project: models, moment: momentOf(from), compiled }, results, log);
}

/** The same of `run-operation`, of which nothing but the macro is told. */
export async function writeOperationArtifacts(
  project: ModelProject,
  results: RunResults,
  moment: ArtifactMoment,
): Promise<void> {
  await writeBoth({ project, moment, compiled: new Map() }, results, project.log);
}

async function writeBoth(manifest: ManifestRequest, results: RunResults, log: Log): Promise<void> {
  try {
    await writeArtifact(manifest.project, 'run_results', results);
    await writeManifest(manifest);
  } catch (error) {
    if (!isFileError(error)) throw error;
    log.warn('artifacts.not_written', { message: messageOf(error) });
  }
}

function isFileError(error: unknown): boolean {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
}
