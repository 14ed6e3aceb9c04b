import { readsOf } from '../declare/checks.ts';
import type { Config } from '../declare/config.ts';
import { isExposureNode, isModelNode, isTestNode, isUnitTestNode } from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import type { GateNote, OperationNote, RunNotes } from '../run/run-notes.ts';
import type { BatchOutcome, Span } from '../steps/batch-spans.ts';
import { countFailure } from '../steps/check.ts';
import type { StepResult } from '../words/step.ts';
import type { Relation } from '../words/table.ts';
import { type ArtifactMoment, artifactMetadata, isoTime } from './metadata.ts';
import { relationNameOf, writeRelationName } from './relation-name.ts';

export interface RunResultsRequest {
  readonly project: ModelProject;
  readonly moment: ArtifactMoment;
  readonly steps: readonly StepResult[];
  readonly notes: Pick<RunNotes, 'compiled' | 'gates' | 'batches' | 'operations'>;
  /** Ids of nodes that were meant: tests among them that were not reached are told as skipped. */
  readonly selected: ReadonlySet<string>;
  /** Where tests keep their failing rows, by id. */
  readonly testRelations: ReadonlyMap<string, Relation>;
  /** The command and its flags, as dbt keeps them. */
  readonly args: Config;
}

/** dbt's `run_results.json`, version 6. */
export interface RunResults {
  readonly metadata: Config;
  readonly results: readonly NodeResult[];
  /** Seconds. */
  readonly elapsed_time: number;
  readonly args: Config;
}

export type ResultStatus =
  | 'success'
  | 'partial success'
  | 'error'
  | 'skipped'
  | 'pass'
  | 'fail'
  | 'warn'
  | 'no-op';

export interface NodeResult {
  readonly status: ResultStatus;
  readonly timing: readonly Config[];
  readonly thread_id: string;
  /** Seconds. */
  readonly execution_time: number;
  readonly adapter_response: Config;
  readonly message: string | null;
  readonly failures: number | null;
  readonly unique_id: string;
  readonly compiled: boolean | null;
  readonly compiled_code: string | null;
  readonly relation_name: string | null;
  readonly batch_results: BatchResults | null;
}

/** Each batch as its beginning and its end. */
export interface BatchResults {
  readonly successful: readonly (readonly [string, string])[];
  readonly failed: readonly (readonly [string, string])[];
}

const msPerSecond = 1_000;

/** What became of every model, seed, snapshot and test. Streams and syncs are no nodes of dbt's. */
export function buildRunResults(request: RunResultsRequest): RunResults {
  const { project, moment, steps, args } = request;
  const gates = Map.groupBy(request.notes.gates, ([, { nodeId }]) => nodeId);
  const hooks = [...request.notes.operations].map(([id, note]) => operationResult(id, note));
  const isFirst = ({ unique_id: id }: NodeResult): boolean => id.includes('-on-run-start-');
  const built: NodeResult[] = steps.flatMap((step) => {
    const node = project.nodes.get(step.id);
    if (!isModelNode(node) && !isTestNode(node) && !isUnitTestNode(node)) return [];
    // Its model says what became of it.
    if (step.kind === 'check' && request.notes.gates.has(step.id)) return [];
    const judged = gates.get(step.id) ?? [];
    const own = resultOf(request, step);
    const isUnreached = judged.length === 0 && own.status !== 'success' && step.kind !== 'check';
    return [
      own,
      ...judged.map(([id, gate]) => gateResult(request, step, id, gate)),
      ...(isUnreached ? skippedGates(request, step) : []),
    ];
  });
  if (args['which'] === 'build') built.push(...exposureResults(request, built));
  const results = [...hooks.filter(isFirst), ...built, ...hooks.filter((one) => !isFirst(one))];
  return {
    metadata: artifactMetadata('run_results', moment),
    results,
    elapsed_time: (moment.generatedAtMs - moment.startedAtMs) / msPerSecond,
    args,
  };
}

/**
 * A reused model stands as it would if it were built: that is success. A test that could not be
 * run is an error, one that found rows a failure.
 */
function statusOf(step: StepResult): ResultStatus {
  const isTest = step.kind === 'check';
  switch (step.status) {
    case 'success':
    case 'reused':
      return isTest ? 'pass' : 'success';
    case 'warn':
      return isTest ? 'warn' : 'success';
    case 'stopped':
    case 'skipped':
      return 'skipped';
    case 'failed':
      return isTest && (step.counts['failures'] ?? 0) > 0 ? 'fail' : 'error';
  }
}

function resultOf(request: RunResultsRequest, step: StepResult): NodeResult {
  const { project, notes } = request;
  const batches = notes.batches.get(step.id);
  const isPartial = step.status === 'failed' && batches && batches.successful.length > 0;
  const status = isPartial ? 'partial success' : statusOf(step);
  const isSkipped = status === 'skipped';
  const compiled = notes.compiled.get(step.id);
  const startedMs = Date.parse(step.startedAt);
  const endedMs = startedMs + step.durationMs;
  const compiledMs = compiled?.atMs ?? startedMs;
  const rows = step.counts['rows'];
  const code = step.status === 'reused' ? { code: 'REUSED' } : {};
  return {
    status,
    timing: isSkipped
      ? []
      : [timing('compile', startedMs, compiledMs), timing('execute', compiledMs, endedMs)],
    thread_id: 'main',
    execution_time: isSkipped ? 0 : step.durationMs / msPerSecond,
    adapter_response: isSkipped
      ? {}
      : {
          _message: step.message,
          ...code,
          ...(rows === undefined || step.kind === 'check' ? {} : { rows_affected: rows }),
        },
    message: status === 'pass' ? null : step.message,
    failures: step.kind === 'check' && !isSkipped ? (step.counts['failures'] ?? null) : null,
    unique_id: step.id,
    compiled: compiled !== undefined,
    compiled_code: compiled?.sql ?? null,
    relation_name:
      step.kind === 'check'
        ? keptIn(request, step.id)
        : relationNameOf(project, project.nodes.get(step.id)),
    batch_results: batches ? toBatchResults(batches) : null,
  };
}

function keptIn({ project, testRelations }: RunResultsRequest, id: string): string | null {
  const relation = testRelations.get(id);
  return relation ? writeRelationName(project, relation) : null;
}

function toBatchResults({ successful, failed, earlier = [] }: BatchOutcome): BatchResults {
  const pair = ({ from, to }: Span) => [from, to] as const;
  return { successful: [...successful, ...earlier].map(pair), failed: failed.map(pair) };
}

function timing(name: string, startedMs: number, completedMs: number): Config {
  return { name, started_at: isoTime(startedMs), completed_at: isoTime(completedMs) };
}

/** Tests of one model are gates of its build: they have no step, and here a result of their own. */
function gateResult(
  request: RunResultsRequest,
  step: StepResult,
  id: string,
  gate: GateNote,
): NodeResult {
  const startedMs = Date.parse(step.startedAt);
  const { status, failures } = gate;
  return {
    ...noResult,
    status,
    timing: [timing('execute', startedMs, startedMs + step.durationMs)],
    message: status === 'pass' ? null : countFailure({ ...gate, rows: failures }),
    failures,
    unique_id: id,
    relation_name: keptIn(request, id),
  };
}

/** Nothing is built for an exposure: it is reached where all that it is made of was. */
function exposureResults(
  { project, selected }: RunResultsRequest,
  results: readonly NodeResult[],
): NodeResult[] {
  const lost = new Set(
    results.filter(({ status }) => status === 'error' || status === 'skipped').map(idOf),
  );
  return [...selected].filter(isExposureId(project)).map((id) => {
    const isReached = [...project.graph.ancestorsOf([id])].every((one) => !lost.has(one));
    const status = isReached ? ('no-op' as const) : ('skipped' as const);
    return { ...noResult, status, compiled: null, unique_id: id };
  });
}

const idOf = (result: NodeResult): string => result.unique_id;

function isExposureId(project: ModelProject) {
  return (id: string): boolean => {
    const node = project.nodes.get(id);
    return isExposureNode(node) || node?.resourceType === 'saved_query';
  };
}

/** Gates of a model that was not built were not reached. */
function skippedGates({ project, selected }: RunResultsRequest, step: StepResult): NodeResult[] {
  return project.graph.childrenOf(step.id).flatMap((id) => {
    const test = project.nodes.get(id);
    if (!isTestNode(test) || !selected.has(id) || readsOf(project, test).length > 1) return [];
    return [{ ...noResult, status: 'skipped' as const, unique_id: id }];
  });
}

const noResult: Omit<NodeResult, 'status' | 'unique_id'> = {
  timing: [],
  thread_id: 'main',
  execution_time: 0,
  adapter_response: {},
  message: null,
  failures: null,
  compiled: false,
  compiled_code: null,
  relation_name: null,
  batch_results: null,
};

/** What became of the one macro of `run-operation`. */
export function buildOperationResults(
  id: string,
  note: OperationNote,
  moment: ArtifactMoment,
  args: Config,
): RunResults {
  return {
    metadata: artifactMetadata('run_results', moment),
    results: [operationResult(id, note)],
    elapsed_time: (note.endedMs - note.startedMs) / msPerSecond,
    args,
  };
}

function operationResult(id: string, note: OperationNote): NodeResult {
  const { isGood, message, startedMs, endedMs, sql } = note;
  return {
    ...noResult,
    status: isGood ? 'success' : 'error',
    timing: [timing('compile', startedMs, startedMs), timing('execute', startedMs, endedMs)],
    execution_time: (endedMs - startedMs) / msPerSecond,
    message,
    failures: isGood ? 0 : 1,
    unique_id: id,
    compiled: sql !== undefined,
    compiled_code: sql ?? null,
  };
}
