import type { JsonObject } from '../../words/json.ts';
import type { StreamSettings } from '../../words/stream.ts';

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

export interface FieldDeclaration {
  /** The CRM's field. */
  readonly field: string;
  readonly column: string;
  readonly write: 'always' | 'if_empty' | 'never_null' | 'append';
  readonly owner: 'warehouse' | 'crm' | 'latest';
  readonly position: Position;
}

/** A number of records, or a share of the records the sync manages. */
export type LimitDeclaration =
  | { readonly kind: 'count'; readonly most: number }
  | { readonly kind: 'percent'; readonly most: number };

export const syncBehaviors = ['upsert', 'update_only', 'create_only', 'mirror', 'append'] as const;
export type SyncBehavior = (typeof syncBehaviors)[number];

export interface SyncDeclaration {
  readonly name: string;
  /** `schema.name` of a model's relation, or a model's name. */
  readonly from: string;
  readonly connection: string;
  readonly object: string;
  /** CRM field → column. */
  readonly match: readonly { readonly field: string; readonly column: string }[];
  readonly behavior: SyncBehavior;
  readonly fields: readonly FieldDeclaration[];
  readonly associate: readonly { readonly object: string; readonly column: string }[];
  readonly limits: {
    readonly create?: LimitDeclaration;
    readonly update?: LimitDeclaration;
    readonly archive?: LimitDeclaration;
  };
  readonly onDrift: 'reassert' | 'adopt' | 'report';
  readonly position: Position;
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

/** A whole `pipelines.yaml`, validated, defaults filled in, environment resolved. */
export interface Project {
  readonly name: string;
  /** The folder that relative paths start from. */
  readonly folder: string;
  readonly file: string;
  readonly warehouse: { readonly type: string; readonly config: JsonObject };
  readonly connections: ReadonlyMap<string, ConnectionDeclaration>;
  /** By connection name. */
  readonly extract: ReadonlyMap<string, readonly StreamDeclaration[]>;
  readonly models: { readonly path: string; readonly vars: JsonObject } | undefined;
  readonly syncs: readonly SyncDeclaration[];
  readonly pipelines: readonly PipelineDeclaration[];
  /** Values to mask wherever text leaves the process. */
  readonly secrets: readonly string[];
}
