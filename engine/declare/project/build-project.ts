import { dirname } from 'node:path';
import { parseDuration } from '../../words/duration.ts';
import type { JsonObject } from '../../words/json.ts';
import { loadLibrary } from '../../words/load-library.ts';
import type { StreamSettings } from '../../words/stream.ts';
import { didYouMean } from '../../words/suggest.ts';
import {
  type Behavior,
  type DriftPolicy,
  defaultLimits,
  type FieldOwner,
  type FieldSpec,
  type Limit,
  type WriteRule,
} from '../../words/sync.ts';
import { targetPathDefault } from '../project-shape.ts';
import type {
  ConfigIssue,
  ConnectionDeclaration,
  OpenLineageDeclaration,
  PipelineDeclaration,
  Project,
  StreamDeclaration,
  SyncDeclaration,
} from './project.ts';
import type { YamlSource } from './yaml-source.ts';

interface RawStream {
  lookback?: string;
  volatile?: { fields: string[]; every: string };
  fields?: string[];
  exclude?: string[];
  full_every?: string;
  options?: JsonObject;
}

interface RawSync {
  from: string;
  to: string;
  match: Record<string, string>;
  behavior?: Behavior;
  fields: Record<string, string | RawField>;
  associate?: Record<string, string>;
  limits?: Partial<Record<'create' | 'update' | 'archive', number | string>>;
  on_drift?: DriftPolicy;
  modified_column?: string;
}

interface RawField {
  from: string;
  write?: WriteRule;
  owner?: FieldOwner;
}

interface RawPipeline {
  schedule: string;
  timezone?: string;
  select?: string | string[];
  exclude?: string | string[];
}

/** The file's value after validation. */
interface RawProject {
  project: string;
  warehouse: JsonObject & { type: string };
  connections?: Record<string, JsonObject & { type: string }>;
  extract?: Record<string, string[] | Record<string, RawStream | null>>;
  models?: { path: string; vars?: JsonObject };
  syncs?: Record<string, RawSync>;
  pipelines?: Record<string, RawPipeline>;
  keep_runs?: string;
  openlineage?: Partial<
    Record<'file' | 'url' | 'endpoint' | 'api_key' | 'namespace' | 'timeout', string>
  >;
}

export interface BuildInput {
  readonly file: string;
  readonly value: unknown;
  readonly source: YamlSource;
  readonly secrets: readonly string[];
}

function withoutType(value: JsonObject): JsonObject {
  const { type: _type, ...rest } = value;
  return rest;
}

function toSettings(raw: RawStream | null): StreamSettings {
  if (raw === null) return {};
  return {
    ...(raw.lookback === undefined ? {} : { lookbackMs: parseDuration(raw.lookback) }),
    ...(raw.volatile === undefined
      ? {}
      : {
          volatile: { fields: raw.volatile.fields, everyMs: parseDuration(raw.volatile.every) },
        }),
    ...(raw.fields === undefined ? {} : { fields: raw.fields }),
    ...(raw.exclude === undefined ? {} : { exclude: raw.exclude }),
    ...(raw.full_every === undefined ? {} : { fullEveryMs: parseDuration(raw.full_every) }),
    ...(raw.options === undefined ? {} : { options: raw.options }),
  };
}

function toStreams(
  connection: string,
  raw: string[] | Record<string, RawStream | null>,
  source: YamlSource,
): StreamDeclaration[] {
  if (Array.isArray(raw)) {
    return raw.map((pattern, index) => ({
      pattern,
      settings: {},
      position: source.position(['extract', connection, index]),
    }));
  }
  return Object.entries(raw).map(([pattern, settings]) => ({
    pattern,
    settings: toSettings(settings),
    position: source.keyPosition(['extract', connection, pattern]),
  }));
}

function toLimit(raw: number | string): Limit {
  return typeof raw === 'number' ? { count: raw } : { percent: Number(raw.slice(0, -1)) };
}

function toFields(raw: RawSync['fields']): FieldSpec[] {
  return Object.entries(raw).map(([field, value]) => {
    const declared: RawField = typeof value === 'string' ? { from: value } : value;
    return {
      field,
      column: declared.from,
      write: declared.write ?? 'always',
      owner: declared.owner ?? 'warehouse',
    };
  });
}

function toSync(name: string, raw: RawSync, source: YamlSource): SyncDeclaration {
  const dot = raw.to.indexOf('.');
  const { create, update, archive } = raw.limits ?? {};
  const places = Object.keys(raw.fields).map(
    (field) => [field, source.keyPosition(['syncs', name, 'fields', field])] as const,
  );
  return {
    name,
    from: raw.from,
    connection: raw.to.slice(0, dot),
    object: raw.to.slice(dot + 1),
    match: Object.entries(raw.match).map(([field, column]) => ({ field, column })),
    behavior: raw.behavior ?? 'upsert',
    fields: toFields(raw.fields),
    associate: Object.entries(raw.associate ?? {}).map(([object, column]) => ({ object, column })),
    limits: {
      create: create === undefined ? defaultLimits.create : toLimit(create),
      update: update === undefined ? defaultLimits.update : toLimit(update),
      archive: archive === undefined ? defaultLimits.archive : toLimit(archive),
    },
    onDrift: raw.on_drift ?? 'reassert',
    ...(raw.modified_column === undefined ? {} : { modifiedColumn: raw.modified_column }),
    position: source.keyPosition(['syncs', name]),
    fieldPositions: new Map(places),
  };
}

function toPipeline(name: string, raw: RawPipeline, source: YamlSource): PipelineDeclaration {
  const list = (value: string | string[] | undefined) => [value ?? []].flat();
  return {
    name,
    schedule: raw.schedule,
    timezone: raw.timezone ?? 'UTC',
    select: list(raw.select),
    exclude: list(raw.exclude),
    position: source.keyPosition(['pipelines', name]),
  };
}

/** What a schema cannot say: names that point at other names, cron expressions, zones. */
function findIssues(
  raw: RawProject,
  syncs: readonly SyncDeclaration[],
  pipelines: readonly PipelineDeclaration[],
  source: YamlSource,
): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const connections = Object.keys(raw.connections ?? {});
  const known = `known connections: ${connections.join(', ') || 'none'}`;
  for (const name of Object.keys(raw.extract ?? {})) {
    if (connections.includes(name)) continue;
    issues.push({
      ...source.keyPosition(['extract', name]),
      message: `extract names the connection "${name}", which is not declared${didYouMean(name, connections)}`,
      hint: known,
    });
  }
  for (const sync of syncs) {
    if (connections.includes(sync.connection)) continue;
    issues.push({
      ...source.position(['syncs', sync.name, 'to']),
      message: `sync ${sync.name} writes to the connection "${sync.connection}", which is not declared${didYouMean(sync.connection, connections)}`,
      hint: known,
    });
  }
  for (const { name, schedule, timezone } of pipelines) {
    const checks: [string, boolean, string][] = [
      [
        'schedule',
        isCron(schedule),
        'five fields: minute hour day month weekday, e.g. "0 * * * *"',
      ],
      ['timezone', isZone(timezone), 'an IANA zone, e.g. Europe/Berlin'],
    ];
    for (const [key, valid, hint] of checks) {
      if (valid) continue;
      issues.push({
        ...source.position(['pipelines', name, key]),
        message: `pipelines.${name}.${key} is not valid`,
        hint,
      });
    }
  }
  return issues;
}

function isCron(expression: string): boolean {
  if (expression.trim().split(/\s+/).length !== 5) return false;
  // Loaded here: most projects of models alone have no schedule.
  const { CronTime } = loadLibrary('cron') as typeof import('cron');
  try {
    new CronTime(expression);
    return true;
  } catch {
    return false;
  }
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function toOpenLineage({
  api_key: apiKey,
  timeout,
  ...rest
}: NonNullable<RawProject['openlineage']>): OpenLineageDeclaration {
  return {
    ...rest,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(timeout === undefined ? {} : { timeoutMs: parseDuration(timeout) }),
  };
}

export function buildProject(input: BuildInput): { project: Project; issues: ConfigIssue[] } {
  const { source } = input;
  const raw = input.value as RawProject;
  const connections = new Map<string, ConnectionDeclaration>();
  for (const [name, value] of Object.entries(raw.connections ?? {})) {
    const position = source.keyPosition(['connections', name]);
    connections.set(name, { name, type: value.type, config: withoutType(value), position });
  }
  const extract = new Map(
    Object.entries(raw.extract ?? {}).map(([name, streams]) => [
      name,
      toStreams(name, streams, source),
    ]),
  );
  const syncs = Object.entries(raw.syncs ?? {}).map(([name, value]) => toSync(name, value, source));
  const pipelines = Object.entries(raw.pipelines ?? {}).map(([name, value]) =>
    toPipeline(name, value, source),
  );
  const project: Project = {
    name: raw.project,
    folder: dirname(input.file),
    file: input.file,
    targetPath: targetPathDefault,
    warehouse: { type: raw.warehouse.type, config: withoutType(raw.warehouse) },
    connections,
    extract,
    models: raw.models ? { path: raw.models.path, vars: raw.models.vars ?? {} } : undefined,
    syncs,
    pipelines,
    ...(raw.keep_runs === undefined ? {} : { keepRunsMs: parseDuration(raw.keep_runs) }),
    ...(raw.openlineage ? { openlineage: toOpenLineage(raw.openlineage) } : {}),
    secrets: input.secrets,
  };
  return { project, issues: findIssues(raw, syncs, pipelines, source) };
}
