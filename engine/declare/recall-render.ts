import type { Log, LogFields } from '../words/log.ts';
import type { Config } from './config.ts';
import type { Template } from './jinja/ast.ts';
import { type JinjaValue, PyDict } from './jinja/values.ts';
import { keyOf, noMemory } from './memory/memory.ts';
import { isPlainJson } from './memory/plain-json.ts';
import { traceOfEnv } from './memory/watched-env.ts';
import type { RefCall, SourceCall } from './model-node.ts';
import { type RenderTrace, startTrace } from './node-scope.ts';
import { partsOf } from './relation-value.ts';
import type { NodeRender, Reading, RenderMoment } from './rendering.ts';
import { traceOfVar } from './scope-functions.ts';
import type { Spoken } from './spoken.ts';

/** A rendering and all that it looked at on its way: it holds as long as that looks the same. */
interface RememberedRender {
  readonly text: string;
  /** Every call with what it was answered, in order. */
  readonly refs: readonly (readonly [RefCall, string])[];
  readonly sources: readonly (readonly [SourceCall, string])[];
  readonly configs: readonly Config[];
  readonly vars: readonly (readonly [string, string])[];
  readonly env: readonly (readonly [string, string])[];
  /** Macros looked up, with digests of their texts. */
  readonly macros: readonly (readonly [string, string])[];
  readonly readsClock: boolean;
  readonly spoken: readonly Spoken[];
}

export interface RenderRequest {
  readonly reading: Reading;
  readonly moment: RenderMoment;
  /** Time stands still: a text that holds the moment is the same in every process. */
  readonly isStill: boolean;
  readonly node: NodeRender;
  readonly template: Template;
  readonly extra: ReadonlyMap<string, JinjaValue>;
  /** Only the trace is wanted: the text is empty where it is remembered. */
  readonly isTraceOnly: boolean;
}

type Render = (reading: Reading, moment: RenderMoment, node: NodeRender) => Promise<string>;

/**
 * The rendering of the same template under the same circumstances, if one is remembered and all it
 * looked at is as it was; else renders. Either way the node's trace holds what was looked at. What
 * throws, or asks the warehouse, is rendered each time.
 */
export async function recallRender(request: RenderRequest, render: Render): Promise<string> {
  const { reading, moment, node } = request;
  const { memory } = reading;
  const key = memory && memory !== noMemory ? renderKey(request) : undefined;
  if (memory === undefined || key === undefined) return await render(reading, moment, node);
  const known = memory.get(key) as RememberedRender | undefined;
  if (known && isStillTrue(known, request)) {
    for (const [level, event, fields] of known.spoken) reading.log[level](event, fields);
    node.trace.speaks ||= known.spoken.length > 0;
    replay(known, reading, node.trace);
    return known.text;
  }
  const trace = startTrace();
  const spoken: Spoken[] = [];
  const refs: (readonly [RefCall, string])[] = [];
  const sources: (readonly [SourceCall, string])[] = [];
  const watched: NodeRender = {
    ...node,
    trace,
    resolveRef: (call) => {
      const value = node.resolveRef(call);
      refs.push([call, describeRelation(value)]);
      return value;
    },
    resolveSource: (call) => {
      const value = node.resolveSource(call);
      sources.push([call, describeRelation(value)]);
      return value;
    },
  };
  try {
    const log = listen(reading.log, spoken);
    const text = await render({ ...reading, log }, moment, watched);
    const made: RememberedRender = {
      text: request.isTraceOnly ? '' : text,
      refs,
      sources,
      configs: trace.configs,
      vars: [...trace.vars],
      env: [...trace.env],
      macros: [...trace.macros].map(({ id, digest }) => [id, digest] as const),
      readsClock: trace.readsClock,
      spoken,
    };
    const { asksWarehouse, readsShapes, readsGraph, readsSelection } = trace;
    const isOwn = !(asksWarehouse || readsShapes || readsGraph || readsSelection);
    const isLasting = isOwn && (request.isStill || !trace.readsClock);
    if (isLasting && isPlainJson(made)) memory.set(key, made);
    return text;
  } finally {
    join(node.trace, trace);
  }
}

/** What answers a template's questions, and is noted when it is asked. */
type Answering = 'trace' | 'warehouse' | 'names' | 'resolveRef' | 'resolveSource';

/** All that a template can see of its node: where else it stands in files is no part of it. */
const seenOfNode = {
  id: true,
  name: true,
  packageName: true,
  file: true,
  fqn: true,
  relation: true,
  standing: true,
  config: true,
  resourceType: true,
  isExecuting: true,
  isIncremental: true,
  macros: true,
  batch: true,
  dependsOn: true,
} as const satisfies Record<Exclude<keyof NodeRender, Answering | 'columns'>, true>;

const seenNames = Object.keys(seenOfNode) as (keyof typeof seenOfNode)[];

/** Everything that is known before the rendering; undefined: no rendering like it is kept. */
function renderKey(request: RenderRequest): string | undefined {
  const { reading, moment, node, template, extra, isTraceOnly } = request;
  // While files are read, a template sees the configs set before it: those are no part of the key.
  if (!node.isExecuting && node.trace.configs.length > 0) return undefined;
  if (node.names !== undefined) return undefined;
  // There are as many texts as batches: only the first of them is asked for again.
  if (node.batch !== undefined && !request.isStill) return undefined;
  const names: unknown[] = [];
  for (const [name, value] of extra) {
    const plain = describeValue(value);
    if (plain === undefined) return undefined;
    names.push(name, plain);
  }
  const seen = seenNames.map((one) => node[one]);
  const columns = node.columns?.map((column) => [column.name, column.description]);
  const { name, isDbt, target, library } = reading;
  const { isFullRefresh } = moment;
  const about = [name, isDbt, target, library.shape, isFullRefresh, isTraceOnly];
  return keyOf('render', about, template.file, template.text, seen, columns, names);
}

/** A value as JSON that no other value has; undefined where there is none. */
function describeValue(value: JinjaValue): unknown {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return ['text', value];
  if (typeof value === 'number') return ['number', String(value)];
  if (Array.isArray(value)) {
    const items = value.map(describeValue);
    return items.includes(undefined) ? undefined : ['list', items];
  }
  if (value instanceof PyDict) {
    const entries = [...value.entries()].map(([key, item]) => [
      describeValue(key),
      describeValue(item),
    ]);
    return entries.some((entry) => entry.includes(undefined)) ? undefined : ['dict', entries];
  }
  const parts = partsOf(value);
  return parts && ['relation', parts];
}

function describeRelation(value: JinjaValue): string {
  return JSON.stringify(partsOf(value) ?? null);
}

/** Asks the project all that the rendering asked; the calls count as made now. */
function isStillTrue(known: RememberedRender, { reading, isStill, node }: RenderRequest): boolean {
  if (known.readsClock && !isStill) return false;
  const { library, vars, env } = reading;
  if (known.macros.some(([id, digest]) => library.byId(id)?.digest !== digest)) return false;
  const { packageName } = node;
  if (known.vars.some(([name, value]) => traceOfVar(vars.find(name, packageName)) !== value)) {
    return false;
  }
  if (known.env.some(([name, value]) => traceOfEnv(env[name]) !== value)) return false;
  try {
    return (
      known.refs.every(([call, answer]) => describeRelation(node.resolveRef(call)) === answer) &&
      known.sources.every(([call, answer]) => describeRelation(node.resolveSource(call)) === answer)
    );
  } catch {
    // It leads nowhere now: rendering says so at its place.
    return false;
  }
}

function replay(known: RememberedRender, { library }: Reading, trace: RenderTrace): void {
  for (const [call] of known.refs) trace.refs.push(call);
  for (const [call] of known.sources) trace.sources.push(call);
  trace.configs.push(...known.configs);
  for (const [name, value] of known.vars) trace.vars.set(name, value);
  for (const [name, value] of known.env) trace.env.set(name, value);
  for (const [id] of known.macros) {
    const entry = library.byId(id);
    if (entry) trace.macros.add(entry);
  }
  trace.readsClock ||= known.readsClock;
}

function join(trace: RenderTrace, added: RenderTrace): void {
  trace.refs.push(...added.refs);
  trace.sources.push(...added.sources);
  trace.configs.push(...added.configs);
  for (const [name, value] of added.vars) trace.vars.set(name, value);
  for (const [name, value] of added.env) trace.env.set(name, value);
  for (const entry of added.macros) trace.macros.add(entry);
  trace.readsClock ||= added.readsClock;
  trace.asksWarehouse ||= added.asksWarehouse;
  trace.readsShapes ||= added.readsShapes;
  trace.readsGraph ||= added.readsGraph;
  trace.readsSelection ||= added.readsSelection;
  trace.speaks ||= added.speaks;
}

/** Passes on what is said, and notes it. */
export function listen(log: Log, spoken: Spoken[]): Log {
  const say =
    (level: keyof Log) =>
    (event: string, fields: LogFields = {}): void => {
      spoken.push([level, event, fields]);
      log[level](event, fields);
    };
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
}
