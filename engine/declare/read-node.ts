import type { NodeConfig } from '../words/node.ts';
import type { Relation } from '../words/table.ts';
import { type Config, mergeConfig } from './config.ts';
import { isConfigKey } from './config-keys.ts';
import { reportConstraints } from './constraints.ts';
import {
  complainOfMaterialization,
  findMaterialization,
  findSnapshotStrategy,
  findStrategy,
} from './find-materialization.ts';
import type { Template } from './jinja/ast.ts';
import { parseTemplate } from './jinja/parse-template.ts';
import { fromPython } from './jinja/python-value.ts';
import type { JinjaValue } from './jinja/values.ts';
import { internalPackage, type MacroEntry } from './macro-library.ts';
import type { FaultList, Place } from './model-fault.ts';
import type { AnalysisNode, ModelNode } from './model-node.ts';
import { readNodeConfig } from './node-config.ts';
import type { NodeDraft } from './node-draft.ts';
import {
  modelValue,
  type NodeRender,
  type Reading,
  renderAlone,
  renderNode,
  renderValue,
  stillMoment,
  traceNode,
} from './node-render.ts';
import { type RenderTrace, startTrace } from './node-scope.ts';
import { reportTemplateError } from './template-fault.ts';
import type { Script } from './typescript/read-scripts.ts';
import { complainOfScript, configOfScript } from './typescript/script-config.ts';
import { placeCalls } from './typescript/script-template.ts';
import { placeOfWords } from './word-place.ts';

export interface ReadNode {
  readonly node: ModelNode | AnalysisNode;
  readonly template: Template | undefined;
  /** Looked up by its template, its config, its hooks and whoever named its relation. */
  readonly macros: ReadonlySet<MacroEntry>;
}

/** Turns a draft into a node: renders it once to see its config and what it reads. */
export async function readNode(
  reading: Reading,
  draft: NodeDraft,
  faults: FaultList,
): Promise<ReadNode> {
  const trace = startTrace();
  const { id, source } = draft;
  const place = { file: source.file, line: 1, column: 1 };
  const troubles: unknown[] = [];
  const raw = await renderRaw(reading, draft, trace, troubles);
  const script = scriptOf(draft);
  const plain = source.script ? 'table' : 'view';
  const fallback = draft.kind === 'seed' || draft.kind === 'snapshot' ? draft.kind : plain;
  const own = findMaterialization(reading, raw['materialized'] ?? fallback) !== undefined;
  const strategy = findStrategy(reading.library, raw['incremental_strategy'], draft.pack.name);
  const parsed = readNodeConfig(raw, fallback, {
    materialization: own,
    strategy: strategy !== undefined,
    snapshotStrategy:
      findSnapshotStrategy(reading.library, raw['strategy'], draft.pack.name) !== undefined,
  });
  const { config } = parsed;
  const unknown = own ? undefined : complainOfMaterialization(reading, raw['materialized']);
  const complaints = [...(unknown === undefined ? [] : [unknown]), ...parsed.complaints];
  if (script) complaints.push(...complainOfScript(script, config));
  try {
    if (config.enabled) await renderHooksForCalls(reading, draft, config, trace);
  } catch (error) {
    troubles.push(error);
  }
  // A node that is switched off may lack what it would need: a variable, most often.
  if (config.enabled) {
    for (const error of troubles) reportTemplateError(error, place, faults, id);
    // Of config that says how a table is built an analysis needs none.
    for (const complaint of draft.kind === 'analysis' ? [] : complaints) {
      const found =
        placeOfWords(source.file, source.text, complaint) ?? placeOfYaml(draft) ?? place;
      faults.error(found, complaint, { nodeId: id });
    }
    if (draft.patch && draft.kind !== 'analysis')
      reportConstraints(draft.patch, config, id, faults);
    const decisions = config.identity?.decisions;
    if (decisions !== undefined) {
      const found = placeOfWords(source.file, source.text, `"${decisions}"`) ?? placeOfYaml(draft);
      const call = { packageName: undefined, name: decisions, version: undefined };
      trace.refs.push({ ...call, place: found ?? place });
    }
  }
  let relation: Relation = { schema: reading.target.schema, name: draft.name };
  try {
    relation = await nameRelation(reading, draft, raw, trace.macros);
  } catch (error) {
    reportTemplateError(error, place, faults, id);
  }
  const materialization = own ? fallback : config.materialization;
  const node = toNode(draft, trace, { config, raw, materialization, relation });
  return { node, template: draft.template, macros: trace.macros };
}

interface NodeParts {
  readonly config: NodeConfig;
  readonly raw: Config;
  readonly materialization: string;
  readonly relation: Relation;
}

function toNode(draft: NodeDraft, trace: RenderTrace, parts: NodeParts): ReadNode['node'] {
  const { source, patch } = draft;
  const { config, raw, materialization, relation } = parts;
  const script = scriptOf(draft);
  const about = {
    id: draft.id,
    name: draft.name,
    packageName: draft.pack.name,
    fqn: draft.fqn,
    file: source.file,
    tags: config.tags,
    config: { materialized: materialization, ...raw },
    dependsOn: [],
    nodeConfig: config,
    text: source.text,
    description: patch?.description || (script?.definition.description ?? ''),
    columns: patch?.columns ?? [],
    refs: script ? placeCalls(trace.refs, source.file, source.text) : trace.refs,
    sources: script ? placeCalls(trace.sources, source.file, source.text) : trace.sources,
    ...(draft.version === undefined ? {} : { version: draft.version }),
    ...(draft.latestVersion === undefined ? {} : { latestVersion: draft.latestVersion }),
    ...(patch ? { patchFile: patch.place.file } : {}),
    ...(patch?.docBlocks ? { docBlocks: patch.docBlocks } : {}),
  };
  const { kind: resourceType } = draft;
  if (resourceType === 'analysis') return { ...about, resourceType, wouldBe: relation };
  return {
    ...about,
    resourceType,
    relation,
    ...(script ? { script } : {}),
    ...(patch?.constraints ? { constraints: patch.constraints } : {}),
    ...(patch?.timeSpine ? { timeSpine: patch.timeSpine } : {}),
  };
}

function scriptOf({ source: { script } }: NodeDraft): Script | undefined {
  return script?.kind === 'model' ? script.script : undefined;
}

/** What is not in the template was written in YAML, where there is any. */
function placeOfYaml({ patch }: NodeDraft): Place | undefined {
  return patch && Object.keys(patch.config).length > 0 ? patch.place : undefined;
}

function renderOf(
  reading: Reading,
  draft: NodeDraft,
  config: Config,
  trace: RenderTrace,
): NodeRender {
  const { id, name, pack, source, fqn, kind } = draft;
  const about = { id, name, packageName: pack.name, file: source.file, fqn, resourceType: kind };
  return renderAlone(reading, about, config, trace);
}

/** Materializations of which `is_incremental()` is never true. */
const neverAddedTo: ReadonlySet<unknown> = new Set(['view', 'table', 'ephemeral', undefined]);

/**
 * What a template reads when built from nothing and when added to may differ: an edge is needed for
 * either, so a template that asks is rendered both ways.
 */
async function renderForCalls(
  reading: Reading,
  draft: NodeDraft,
  config: Config,
  trace: RenderTrace,
): Promise<void> {
  const { template } = draft;
  if (template === undefined) return;
  const node = renderOf(reading, draft, config, trace);
  await traceNode(reading, stillMoment, node, template);
  if (!draft.source.text.includes('is_incremental')) return;
  const { materialized } = mergeConfig(trace.configs.reduce(mergeConfig, config), draft.overrides);
  if (neverAddedTo.has(materialized)) return;
  const second = startTrace();
  await traceNode(reading, stillMoment, { ...node, isIncremental: true, trace: second }, template);
  trace.refs.push(...second.refs);
  trace.sources.push(...second.sources);
  for (const entry of second.macros) trace.macros.add(entry);
}

/** What hooks read must stand when they run: an edge for each, but to the node itself. */
async function renderHooksForCalls(
  reading: Reading,
  draft: NodeDraft,
  { preHooks, postHooks, raw }: NodeConfig,
  trace: RenderTrace,
): Promise<void> {
  for (const hook of [...preHooks, ...postHooks]) {
    if (!/\{[{%]/.test(hook)) continue;
    const own = startTrace();
    const node = renderOf(reading, draft, raw, own);
    await traceNode(reading, stillMoment, node, parseTemplate(hook, { file: draft.source.file }));
    trace.refs.push(...own.refs.filter(({ name }) => name !== draft.name));
    trace.sources.push(...own.sources);
    for (const entry of own.macros) trace.macros.add(entry);
  }
}

/**
 * YAML config may hold templates: `enabled: "{{ var('use_x', true) }}"`. Hooks are rendered later.
 */
/** Its config, as all say it who may; what cannot be rendered stands as it was written. */
async function renderRaw(
  reading: Reading,
  draft: NodeDraft,
  trace: RenderTrace,
  troubles: unknown[],
): Promise<Config> {
  let { base, overrides } = draft;
  let unsaid: Config = {};
  const said = () => mergeConfig(trace.configs.reduce(mergeConfig, base), overrides);
  try {
    base = await renderConfig(reading, draft, base, trace);
    overrides = await renderConfig(reading, draft, overrides, trace);
    await renderForCalls(reading, draft, base, trace);
    unsaid = await renderConfig(reading, draft, unsaidOf(draft, said()), trace);
  } catch (error) {
    troubles.push(error);
  }
  const script = scriptOf(draft);
  if (script) trace.configs.push(configOfScript(script));
  return { ...said(), ...unsaid };
}

/** As in dbt, null says nothing of a key of dbt's: what the node's folders say of it holds. */
function unsaidOf({ folders, overrides }: NodeDraft, said: Config): Config {
  const keys = Object.keys(said).filter((key) => said[key] === null && isConfigKey(key));
  if (keys.length === 0) return {};
  const below = mergeConfig(folders, overrides);
  return Object.fromEntries(keys.map((key) => [key, below[key] ?? null]));
}

async function renderConfig(
  reading: Reading,
  draft: NodeDraft,
  config: Config,
  trace: RenderTrace,
): Promise<Config> {
  const node = renderOf(reading, draft, config, trace);
  const renderItem = async (value: unknown): Promise<unknown> => {
    if (typeof value === 'string' && value.includes('{{')) {
      const file = draft.patch?.place.file ?? 'dbt_project.yml';
      const template = parseTemplate(value, { file });
      return fromPython(await renderValue(reading, stillMoment, node, template));
    }
    if (Array.isArray(value)) return await Promise.all(value.map(renderItem));
    if (value === null || typeof value !== 'object') return value;
    const items = Object.entries(value).map(async ([key, item]) => [key, await renderItem(item)]);
    return Object.fromEntries(await Promise.all(items));
  };
  const rendered: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    rendered[key] = /hook$/.test(key) ? value : await renderItem(value);
  }
  return rendered;
}

/**
 * Where a node is built. Our layout: the config's schema as it is, else the folder below `models`.
 * dbt's: its naming macros. Either way a project's own `generate_schema_name` wins.
 */
async function nameRelation(
  reading: Reading,
  draft: NodeDraft,
  raw: Config,
  macros: Set<MacroEntry>,
): Promise<Relation> {
  const written = (key: string): string | undefined => {
    const value = raw[key];
    return value === undefined || value === null ? undefined : String(value).trim();
  };
  const schema = written('schema') ?? written('target_schema');
  const { target, isDbt } = reading;
  const folder = draft.source.folders[0];
  const plain = isDbt
    ? schema === undefined
      ? target.schema
      : `${target.schema}_${schema}`
    : (schema ?? folder ?? target.schema);
  const render = renderOf(reading, draft, raw, { ...startTrace(), macros });
  const isSnapshotPlace = draft.kind === 'snapshot' && written('target_schema') !== undefined;
  return {
    schema: isSnapshotPlace
      ? (written('target_schema') ?? plain)
      : ((await askNamingMacro(reading, render, 'generate_schema_name', schema)) ?? plain),
    name:
      (await askNamingMacro(reading, render, 'generate_alias_name', written('alias'))) ??
      written('alias') ??
      draft.name,
  };
}

const namingCalls = new Map<string, Template>();

/**
 * As in dbt, a package's own macro names its nodes, and the project's those of all others.
 * Undefined where nobody has overridden the macro: ours need no interpreter.
 */
export async function askNamingMacro(
  reading: Reading,
  render: NodeRender,
  name: string,
  custom: string | undefined,
): Promise<string | undefined> {
  const isOwn = reading.library.findIn(name, render.packageName) !== undefined;
  const entries = [name, `default__${name}`, `${reading.target.type}__${name}`];
  const overrides = entries.map((entry) => reading.library.find(entry, reading.name));
  const isOurs = overrides.every((entry) => !entry || entry.packageName === internalPackage);
  if (isOurs && !isOwn) return undefined;
  const template =
    namingCalls.get(name) ?? parseTemplate(`{{ ${name}(__custom, __node) }}`, { file: name });
  namingCalls.set(name, template);
  const packageName = isOwn ? render.packageName : reading.name;
  const root = { ...render, packageName, isExecuting: true };
  const text = await renderNode(
    reading,
    stillMoment,
    root,
    template,
    new Map<string, JinjaValue>([
      ['__custom', custom ?? null],
      ['__node', modelValue(render)],
    ]),
  );
  return text.trim();
}
