import type { ColumnGraph, LineageNode } from '../lineage/column-graph.ts';
import { spreadLabels } from '../lineage/labels.ts';
import { type DatasetContext, inputsOf, outputDataset } from '../lineage/openlineage-dataset.ts';
import { type EventFacts, type EventType, runEvent, uuidOf } from '../lineage/openlineage-event.ts';
import type { Work } from '../plan/work.ts';
import type { EventSink } from '../wire/event-sink.ts';
import type { Clock } from '../words/clock.ts';
import type { Step, StepResult } from '../words/step.ts';
import type { RunNotes } from './run-notes.ts';
import type { RunResult } from './run-plan.ts';

export interface OpenLineageRequest {
  readonly work: Work;
  readonly graph: ColumnGraph;
  readonly sink: EventSink;
  readonly clock: Clock;
  readonly notes: RunNotes;
  readonly namespace: string;
  /** What was run: a pipeline's name, or `run`. */
  readonly jobName: string;
  readonly version: string;
}

/** Tells a run in OpenLineage's events, as it goes. */
export interface OpenLineageReporter {
  startRun(runId: string): void;
  startStep(step: Step): void;
  endStep(step: Step, result: StepResult): void;
  endRun(result: Pick<RunResult, 'status' | 'steps'>): void;
}

const endings: Readonly<Record<StepResult['status'], EventType | undefined>> = {
  success: 'COMPLETE',
  warn: 'COMPLETE',
  stopped: 'ABORT',
  failed: 'FAIL',
  // Nothing ran: nothing is told.
  reused: undefined,
  skipped: undefined,
};

const jobTypes = { extract: 'EXTRACT', materialize: 'MODEL', history: 'MODEL', sync: 'SYNC' };

export function createOpenLineageReporter(request: OpenLineageRequest): OpenLineageReporter {
  const { work, graph, sink, clock, namespace, version } = request;
  const producer = `urn:tidemill:${version}`;
  const context = datasetContext(work, graph, producer);
  const rootJob = { namespace, name: `${work.request.project.name}.${request.jobName}` };
  const boundary = new Date(work.request.boundaryMs).toISOString();
  const common = { boundary, engineVersion: version };
  let runId = '';
  const send = (facts: EventFacts): void => sink.send(runEvent(facts, producer));
  const rootFacts = (): Omit<EventFacts, 'type' | 'timeMs'> => ({
    ...common,
    runId: uuidOf(runId),
    job: rootJob,
    jobType: 'DAG',
  });
  const stepFacts = (step: Step): Omit<EventFacts, 'type' | 'timeMs'> | undefined => {
    if (step.kind === 'check') return undefined;
    return {
      ...common,
      runId: uuidOf(`${runId} ${step.id}`),
      job: { namespace, name: step.id },
      parent: { runId: uuidOf(runId), job: rootJob },
      jobType: jobTypes[step.kind],
    };
  };
  const started = new Set<string>();
  const tellStart = (step: Step, timeMs: number): void => {
    const facts = stepFacts(step);
    if (!facts || started.has(step.id)) return;
    started.add(step.id);
    send({ ...facts, type: 'START', timeMs });
  };
  return {
    startRun: (id) => {
      runId = id;
      send({ ...rootFacts(), type: 'START', timeMs: clock.now() });
    },
    startStep: (step) => {
      // Whether a model that follows others runs at all is known when it has looked at them.
      if (!('decision' in step) || step.decision.action === 'run') tellStart(step, clock.now());
    },
    endStep: (step, result) => {
      const type = endings[result.status] ?? (started.has(step.id) ? 'COMPLETE' : undefined);
      const facts = stepFacts(step);
      if (!facts || type === undefined) return;
      const startedMs = Date.parse(result.startedAt);
      tellStart(step, startedMs);
      const timeMs = startedMs + result.durationMs;
      send({ ...facts, type, timeMs, ...describeStep(request, context, step, result) });
    },
    endRun: ({ status, steps }) => {
      const failed = steps.find((step) => step.status === 'failed');
      const type = status === 'succeeded' ? 'COMPLETE' : status === 'stopped' ? 'ABORT' : 'FAIL';
      const message = failed ? `${failed.id}: ${failed.message}` : `the run ${status}`;
      send({
        ...rootFacts(),
        type,
        timeMs: clock.now(),
        ...(type === 'FAIL' ? { error: { message, language: 'TypeScript' } } : {}),
      });
    },
  };
}

function datasetContext(work: Work, graph: ColumnGraph, producer: string): DatasetContext {
  const { warehouse, project } = work.request;
  return {
    graph,
    producer,
    labels: spreadLabels(graph),
    names: {
      warehouse: `${warehouse.dialect.name}://${warehouse.catalog}`,
      connection: (name) => `${project.connections.get(name)?.type ?? 'connection'}://${name}`,
    },
  };
}

/** What a step read and wrote, with which statement, and why it failed. */
function describeStep(
  { graph, notes, work }: OpenLineageRequest,
  context: DatasetContext,
  step: Step,
  result: StepResult,
): Partial<EventFacts> {
  const sql = notes.compiled.get(step.id)?.sql;
  const dialect = work.request.warehouse.dialect.name;
  const error =
    result.status === 'failed'
      ? { error: { message: result.message, language: sql === undefined ? 'TypeScript' : 'SQL' } }
      : {};
  const said = { ...error, ...(sql === undefined ? {} : { sql: { query: sql, dialect } }) };
  if (step.kind === 'extract') {
    const landed = [...graph.nodes.values()].filter(({ reads }) => reads.includes(step.id));
    const rows = result.counts['inserted'];
    return {
      ...said,
      inputs: landed[0] ? inputsOf(context, landed[0]) : [],
      outputs: landed.map((node) => outputDataset(context, node, rowsOf(node, rows))),
    };
  }
  const node = graph.nodes.get(step.id);
  if (!node) return said;
  const rows = step.kind === 'sync' ? undefined : result.counts['rows'];
  return {
    ...said,
    inputs: inputsOf(context, node),
    outputs: [outputDataset(context, node, rows)],
  };
}

/** Rows are landed in the log; the view of current records only shows them. */
function rowsOf({ label }: LineageNode, rows: number | undefined): number | undefined {
  return label.startsWith('raw_') ? rows : undefined;
}
