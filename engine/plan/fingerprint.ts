import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TemplateWarehouse } from '../declare/adapter-value.ts';
import { readsOf } from '../declare/checks.ts';
import { type Compiled, compileNode } from '../declare/compile-node.ts';
import { stillWindow } from '../declare/input-window.ts';
import { JinjaError } from '../declare/jinja/jinja-error.ts';
import { macroText } from '../declare/macro-calls.ts';
import { internalPackage } from '../declare/macro-library.ts';
import { isAddedTo, isModelNode, isSourceNode, type ModelNode } from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { canonicalSql } from '../declare/sql-text.ts';
import { findVolatile } from '../declare/volatile-sql.ts';
import { TerminalError } from '../words/errors.ts';
import type { Column } from '../words/table.ts';
import { contractPart } from './contract.ts';
import { findLateReads } from './late-reads.ts';

/** What a node's result depends on besides the rows it reads. */
export interface NodeFingerprint {
  /**
   * `<version>.<sql>.<config>.<upstream>`: equal exactly when the result could not differ.
   * The parts tell afterwards what it was that changed.
   */
  readonly fingerprint: string;
  /**
   * As `fingerprint`, but equal only where the columns of all sources are too: what it binds to.
   */
  readonly boundAs: string;
  /**
   * As `fingerprint`, whatever columns sources have. It is the fingerprint of what is built before
   * a source's table is there: that it comes to be known changes nothing of what was built.
   */
  readonly byTexts: string;
  /**
   * Of the files it is made of and the macros it calls, as they are written: equal whatever
   * variables and the environment say, and however this release writes dbt's own macros.
   */
  readonly writtenAs: string;
  /** As `writtenAs`, whatever columns sources have: see `byTexts`. */
  readonly writtenByTexts: string;
  /** Of its own text and of the variables it read: says why the other changed, decides nothing. */
  readonly told: string;
  /** The template looked at the run's boundary or id: the text differs with every run. */
  readonly readsClock: boolean;
  /** The template asked the warehouse: the text may differ with its rows. */
  readonly asksWarehouse: boolean;
  /**
   * What makes the SQL answer differently though nothing changed: `now()`, a file it reads. Also
   * where it is a view it reads that does. Absent: nothing.
   */
  readonly volatile?: string;
  /** What the text was made of, for saying why it changed: names and digests, no values. */
  readonly macros: Readonly<Record<string, string>>;
  readonly vars: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
}

export interface FingerprintRequest {
  readonly project: ModelProject;
  /** Nodes that are asked for; what they are made of is taken along. Absent: all. */
  readonly ids?: readonly string[];
  /** Absent: what a template would ask is replaced by a digest of everything it is made of. */
  readonly warehouse?: TemplateWarehouse;
  /** A source's columns, where they are known: `select *` depends on them. */
  sourceColumns?(id: string): readonly Pick<Column, 'name' | 'typeName'>[] | undefined;
}

/** Raise it when the engine builds something else from the same text. */
const fingerprintVersion = '1';
/** Hex digits of each part: 64 bits, far beyond what the nodes of one project can collide in. */
const partLength = 16;

/** Fingerprints of the models, seeds and snapshots that can be compiled, parents first. */
export async function fingerprintNodes(
  request: FingerprintRequest,
): Promise<Map<string, NodeFingerprint>> {
  const { project, ids } = request;
  const found = new Map<string, NodeFingerprint>();
  const contents = new Map<string, Contents>();
  const dialect = project.target.type;
  const wanted = ids && new Set([...ids, ...project.graph.ancestorsOf(ids)]);
  for (const id of project.graph.order) {
    if (wanted?.has(id) === false) continue;
    const node = project.nodes.get(id);
    if (!isModelNode(node) || project.broken.has(id)) continue;
    const isReady = node.dependsOn.every(
      (parent) => !isModelNode(project.nodes.get(parent)) || found.has(parent),
    );
    if (!isReady) continue;
    const text = await textOf(request, node, dialect);
    if (text === undefined) continue;
    const [sqlPart, config] = [digestOf(text.parts), configPart(project, node)];
    const upstreams = upstreamParts(request, node, contents);
    const place = digestOf([config, node.relation, node.nodeConfig.materialization]);
    const joinParts = (upstream: string): string =>
      [fingerprintVersion, sqlPart, place, upstream].join('.');
    const boundAs = joinParts(upstreams.full);
    const byTexts = joinParts(upstreams.texts);
    const isByColumns = followsColumns(node) && upstreams.isKnown;
    const fingerprint = isByColumns ? boundAs : byTexts;
    const { vars, env } = text.flags;
    const own = node.resourceType === 'seed' ? 'seed' : digestOf(node.text);
    const told = [node.script ? 'script' : own, digestOf([vars, env])].join('.');
    const isFile = node.resourceType === 'seed' || node.script !== undefined;
    const written = digestOf([isFile ? sqlPart : own, ownMacros(text.flags.macros), config]);
    const joinWritten = (upstream: string): string => digestOf([[written, place], upstream]);
    const writtenByTexts = joinWritten(upstreams.writtenTexts);
    const writtenAs = isByColumns ? joinWritten(upstreams.written) : writtenByTexts;
    const volatile = text.flags.volatile ?? volatileView(project, node, found);
    found.set(id, {
      ...text.flags,
      fingerprint,
      boundAs,
      byTexts,
      writtenAs,
      writtenByTexts,
      told,
      ...(volatile === undefined ? {} : { volatile }),
    });
    contents.set(id, {
      full: digestOf([sqlPart, config, upstreams.full]),
      texts: digestOf([sqlPart, config, upstreams.texts]),
      written: digestOf([written, upstreams.written]),
      writtenTexts: digestOf([written, upstreams.writtenTexts]),
      isKnown: upstreams.isKnown,
    });
  }
  return found;
}

/** A view is asked when it is read: what it answers then, its reader may answer. */
function volatileView(
  project: ModelProject,
  node: ModelNode,
  found: ReadonlyMap<string, NodeFingerprint>,
): string | undefined {
  for (const id of readsOf(project, node)) {
    const [parent, volatile] = [project.nodes.get(id), found.get(id)?.volatile];
    const isView = isModelNode(parent) && parent.nodeConfig.materialization === 'view';
    if (isView && volatile !== undefined) {
      return volatile.includes(' in ') ? volatile : `${volatile} in ${parent.name}`;
    }
  }
  return undefined;
}

type TextFlags = Omit<
  NodeFingerprint,
  'fingerprint' | 'boundAs' | 'byTexts' | 'writtenAs' | 'writtenByTexts' | 'told'
>;

/** Those of the project and its packages. */
function ownMacros(macros: NodeFingerprint['macros']): unknown {
  return Object.entries(macros).filter(([id]) => !id.startsWith(`macro.${internalPackage}.`));
}

interface NodeText {
  readonly parts: readonly string[];
  readonly flags: TextFlags;
}

/** Undefined where the node cannot be rendered or read: binding says why. */
async function textOf(
  request: FingerprintRequest,
  node: ModelNode,
  dialect: string,
): Promise<NodeText | undefined> {
  const { project, warehouse } = request;
  if (node.resourceType === 'seed') {
    const bytes = await readFile(join(project.root, node.file)).catch(() => undefined);
    if (bytes === undefined) return undefined;
    return {
      parts: [createHash('sha256').update(bytes).digest('hex')],
      flags: flagsOf([], undefined),
    };
  }
  const options = {
    ...(warehouse === undefined ? {} : { warehouse }),
    ...stillWindow(node.nodeConfig),
  };
  const compiled: Compiled[] = [];
  let isUnanswered = false;
  // An incremental node has two texts: a change of either changes what its table will hold.
  const modes = isAddedTo(node) ? [false, true] : [false];
  for (const isIncremental of modes) {
    try {
      compiled.push(await compileNode(project, node, { ...options, isIncremental }));
    } catch (error) {
      if (!needsWarehouse(error)) return undefined;
      isUnanswered = true;
    }
  }
  const flags = flagsOf(
    compiled.map((one) => one.trace),
    compiled.map(({ sql }) => findVolatile(sql)).find((one) => one !== undefined),
  );
  const canonical = dialect === 'duckdb' || dialect === 'postgres';
  const parts = compiled.map(({ sql }) => (canonical ? canonicalSql(sql) : sql));
  if (node.script) parts.push(node.script.digest);
  // Where the text follows from more than the files, all that it is made of stands in for it.
  if (isUnanswered || flags.readsClock || flags.asksWarehouse || isOwn(node)) {
    if (isOwn(node)) parts.push(JSON.stringify(node.nodeConfig.raw));
    parts.push(
      node.text,
      JSON.stringify(macroDigests(project)),
      JSON.stringify([flags.vars, flags.env]),
    );
    if (isOwn(node)) {
      const texts = project.library.all
        .filter(({ packageName }) => packageName !== internalPackage)
        .map(macroText);
      parts.push(JSON.stringify(findLateReads(project, node, texts)));
    }
  }
  return { parts, flags: { ...flags, asksWarehouse: flags.asksWarehouse || isUnanswered } };
}

/** Macros of the project decide how it is built: any of them, and any config, may matter. */
function isOwn({ nodeConfig }: ModelNode): boolean {
  return (
    nodeConfig.materialization === 'custom' ||
    nodeConfig.incrementalStrategy === 'custom' ||
    nodeConfig.snapshot?.strategy === 'custom'
  );
}

function needsWarehouse(error: unknown): boolean {
  const cause = error instanceof JinjaError ? error.cause : error;
  return cause instanceof TerminalError && cause.code === 'model-needs-warehouse';
}

function flagsOf(traces: readonly Compiled['trace'][], volatile: string | undefined): TextFlags {
  const macros = traces.flatMap((trace) => [...trace.macros]);
  return {
    readsClock: traces.some((trace) => trace.readsClock),
    asksWarehouse: traces.some((trace) => trace.asksWarehouse),
    ...(volatile === undefined ? {} : { volatile }),
    macros: sortedRecord(macros.map(({ id, digest }) => [id, digest])),
    vars: sortedRecord(traces.flatMap((trace) => [...trace.vars].map(digestEntry))),
    env: sortedRecord(traces.flatMap((trace) => [...trace.env])),
  };
}

function digestEntry([name, value]: readonly [string, string]): [string, string] {
  return [name, digestOf(value)];
}

function macroDigests(project: ModelProject): Record<string, string> {
  return sortedRecord(project.library.all.map(({ id, digest }) => [id, digest]));
}

const rawKeys = [
  'event_time',
  'batch_size',
  'begin',
  'lookback',
  'column_types',
  'delimiter',
  'strategy',
  'updated_at',
  'check_cols',
  'hard_deletes',
  'invalidate_hard_deletes',
  'dbt_valid_to_current',
  'snapshot_meta_column_names',
] as const;

/** Which rows and columns of the table a batch may change. */
const mergeKeys = [
  'merge_update_columns',
  'merge_exclude_columns',
  'merge_update_condition',
  'merge_insert_condition',
  'merge_update_set_expressions',
  'merge_clauses',
  'incremental_predicates',
  'predicates',
] as const;

/**
 * Config that changes the rows. Tags and descriptions do not; whether a select is kept as a view or
 * as a table matters to the node itself, but to nobody who reads it.
 */
function configPart(project: ModelProject, node: ModelNode): unknown {
  const { nodeConfig } = node;
  const { materialization, raw, preHooks, postHooks } = nodeConfig;
  const hooks = [...preHooks, ...postHooks].filter((text) => text.includes('{'));
  const merging = mergeKeys.filter((key) => raw[key] != null).map((key) => [key, raw[key]]);
  const isPlain = ['view', 'table', 'ephemeral'].includes(materialization);
  return [
    isPlain ? 'select' : materialization,
    nodeConfig.uniqueKey ?? null,
    nodeConfig.incrementalStrategy ?? null,
    nodeConfig.onSchemaChange ?? null,
    nodeConfig.duplicateKeys ?? null,
    nodeConfig.duplicateOrder ?? null,
    nodeConfig.history ?? null,
    preHooks,
    postHooks,
    rawKeys.map((key) => raw[key] ?? null),
    // At the end and only where there is one: other nodes keep the fingerprint they have.
    ...(nodeConfig.identity ? [nodeConfig.identity] : []),
    ...(merging.length > 0 ? [merging] : []),
    ...(hooks.length > 0 ? [findLateReads(project, node, hooks)] : []),
    ...contractPart(node),
  ];
}

/** What something is made of: with the columns that sources have, and by texts alone. */
interface Contents {
  readonly full: string;
  readonly texts: string;
  /** The same two, of files and macros as they are written. */
  readonly written: string;
  readonly writtenTexts: string;
  /** Whether the columns of all those sources are known. */
  readonly isKnown: boolean;
}

/**
 * Where `on_schema_change` is written, it says what becomes of an incremental table when the
 * columns of a source change; where it is not, the table is made anew.
 */
function followsColumns({ nodeConfig }: ModelNode): boolean {
  return nodeConfig.materialization !== 'incremental' || nodeConfig.onSchemaChange === undefined;
}

/** What the statement reads, and what that was built from. */
function upstreamParts(
  { project, sourceColumns }: FingerprintRequest,
  node: ModelNode,
  contents: ReadonlyMap<string, Contents>,
): Contents {
  const parts = readsOf(project, node).map((id) => {
    const parent = project.nodes.get(id);
    if (isSourceNode(parent)) {
      const columns = sourceColumns?.(id)?.map(({ name, typeName }) => [name, typeName]);
      const texts = [id, parent.relation];
      const full = [...texts, columns ?? null];
      const isKnown = columns !== undefined;
      return { full, texts, written: full, writtenTexts: texts, isKnown };
    }
    const known = contents.get(id);
    const of = (part: Exclude<keyof Contents, 'isKnown'>) => [id, known?.[part] ?? null];
    return {
      full: of('full'),
      texts: of('texts'),
      written: of('written'),
      writtenTexts: of('writtenTexts'),
      isKnown: known?.isKnown !== false,
    };
  });
  return {
    full: digestOf(parts.map(({ full }) => full)),
    texts: digestOf(parts.map(({ texts }) => texts)),
    written: digestOf(parts.map(({ written }) => written)),
    writtenTexts: digestOf(parts.map(({ writtenTexts }) => writtenTexts)),
    isKnown: parts.every(({ isKnown }) => isKnown),
  };
}

function digestOf(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return createHash('sha256').update(text).digest('hex').slice(0, partLength);
}

function sortedRecord(entries: readonly (readonly [string, string])[]): Record<string, string> {
  return Object.fromEntries(entries.toSorted(([left], [right]) => (left < right ? -1 : 1)));
}
