import type { JsonObject } from '../../words/json.ts';
import type { StreamSettings } from '../../words/stream.ts';
import type { SyncSpec } from '../../words/sync.ts';

/** Where something stands in a file; lines and columns count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One fault of a declaration. All of a project's faults are reported together. */
export interface ConfigIssue extends Position {
  readonly message: string;
  readonly hint?: string;
}

export interface ConnectionDeclaration {
  readonly name: string;
  readonly type: string;
  /** The keys beside `type`, `${env:…}` resolved. Holds secrets. */
  readonly config: JsonObject;
  readonly position: Position;
}

/** `Account: {lookback: 10m}`: a stream's name, a pattern with `*`, or a connector's group. */
export interface StreamDeclaration {
  readonly pattern: string;
  readonly settings: StreamSettings;
  readonly position: Position;
}

/** One entry under `syncs`: a sync whose model is still a name and which knows its places. */
export interface SyncDeclaration extends Omit<SyncSpec, 'from'> {
  /** A model's name, or `schema.name` of its relation. */
  readonly from: string;
  readonly position: Position;
  /** CRM field → where it is declared. */
  readonly fieldPositions: ReadonlyMap<string, Position>;
}

export interface PipelineDeclaration {
  readonly name: string;
  /** Five-field cron expression. */
  readonly schedule: string;
  /** IANA zone. */
  readonly timezone: string;
  readonly select: readonly string[];
  readonly exclude: readonly string[];
  readonly position: Position;
}

/** Where a run's OpenLineage events go: a file, an address, or both. */
export interface OpenLineageDeclaration {
  /** From the project's folder. */
  readonly file?: string;
  readonly url?: string;
  readonly endpoint?: string;
  /** A secret. */
  readonly apiKey?: string;
  readonly namespace?: string;
  readonly timeoutMs?: number;
}

/** A whole `pipelines.yaml`, validated, defaults filled in, environment resolved. */
export interface Project {
  readonly name: string;
  /** The folder that relative paths start from. */
  readonly folder: string;
  readonly file: string;
  /** Where artifacts are written: absolute, or from the folder. */
  readonly targetPath: string;
  readonly warehouse: { readonly type: string; readonly config: JsonObject };
  /** What templates know as `target`; absent: the warehouse, schema main. */
  readonly target?: { readonly name: string; readonly schema: string };
  readonly connections: ReadonlyMap<string, ConnectionDeclaration>;
  /** By connection name. */
  readonly extract: ReadonlyMap<string, readonly StreamDeclaration[]>;
  readonly models: { readonly path: string; readonly vars: JsonObject } | undefined;
  readonly syncs: readonly SyncDeclaration[];
  readonly pipelines: readonly PipelineDeclaration[];
  readonly openlineage?: OpenLineageDeclaration;
  /** How long runs and what they sent are remembered; absent: 90 days. */
  readonly keepRunsMs?: number;
  /** Values to mask wherever text leaves the process. */
  readonly secrets: readonly string[];
}
