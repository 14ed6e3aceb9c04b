import { createHash } from 'node:crypto';
import type { JsonObject } from '../words/json.ts';
import { facetOf } from './openlineage-dataset.ts';

const eventTypes = ['START', 'COMPLETE', 'ABORT', 'FAIL'] as const;
export type EventType = (typeof eventTypes)[number];

export interface JobName {
  readonly namespace: string;
  readonly name: string;
}

/** What one event says, before it is in the words of OpenLineage. */
export interface EventFacts {
  readonly type: EventType;
  readonly timeMs: number;
  /** A UUID: the same one at the start and at the end. */
  readonly runId: string;
  readonly job: JobName;
  /** The run that this one is a part of. */
  readonly parent?: { readonly runId: string; readonly job: JobName };
  /** `DAG`, `MODEL`, `EXTRACT`, `SYNC`. */
  readonly jobType: string;
  readonly boundary: string;
  readonly engineVersion: string;
  readonly sql?: { readonly query: string; readonly dialect: string };
  /** A message made for people: no value of a CRM stands in it. */
  readonly error?: { readonly message: string; readonly language: string };
  readonly inputs?: readonly JsonObject[];
  readonly outputs?: readonly JsonObject[];
}

/** A UUID that follows from a text, so that a run of ours has the same one wherever it is told. */
export function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

/** An OpenLineage RunEvent, version 2-0-2 of the standard. */
export function runEvent(facts: EventFacts, producer: string): JsonObject {
  const { parent, error, sql, job } = facts;
  const facet = (name: string, version: string, body: JsonObject): JsonObject =>
    facetOf(producer, name, version, body);
  return {
    eventType: facts.type,
    eventTime: new Date(facts.timeMs).toISOString(),
    producer,
    schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent',
    run: {
      runId: facts.runId,
      facets: {
        nominalTime: facet('NominalTimeRunFacet', '1-0-1', { nominalStartTime: facts.boundary }),
        processing_engine: facet('ProcessingEngineRunFacet', '1-1-1', {
          name: 'tidemill',
          version: facts.engineVersion,
        }),
        ...(parent
          ? {
              parent: facet('ParentRunFacet', '1-2-0', {
                run: { runId: parent.runId },
                job: { ...parent.job },
              }),
            }
          : {}),
        ...(error
          ? {
              errorMessage: facet('ErrorMessageRunFacet', '1-0-1', {
                message: error.message,
                programmingLanguage: error.language,
              }),
            }
          : {}),
      },
    },
    job: {
      ...job,
      facets: {
        jobType: facet('JobTypeJobFacet', '2-0-4', {
          processingType: 'BATCH',
          integration: 'TIDEMILL',
          jobType: facts.jobType,
        }),
        ...(sql ? { sql: facet('SQLJobFacet', '1-1-0', { ...sql }) } : {}),
      },
    },
    inputs: facts.inputs ?? [],
    outputs: facts.outputs ?? [],
  };
}
