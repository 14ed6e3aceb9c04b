import { readsOf } from '../declare/checks.ts';
import { compileNode } from '../declare/compile-node.ts';
import {
  isAddedTo,
  isModelNode,
  isSourceNode,
  languageOf,
  type ModelNode,
  type SourceNode,
} from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { buildColumnGraph, type ColumnGraph, type LineageNode } from '../lineage/column-graph.ts';
import type { LineageCache } from '../lineage/lineage-cache.ts';
import { gapLineage, type NodeLineage } from '../lineage/node-lineage.ts';
import type { ReadableTable } from '../lineage/select-lineage.ts';
import { loadSqlParser, type SqlParser } from '../lineage/sql-parser.ts';
import { traceNode } from '../lineage/trace-node.ts';
import { traceSource, traceStream } from '../lineage/trace-source.ts';
import { traceSync } from '../lineage/trace-sync.ts';
import { messageOf } from '../words/errors.ts';
import { quoteRelation } from '../words/sql-name.ts';
import { formatRelation, type Relation } from '../words/table.ts';
import { type Catalog, readCatalog } from './catalog.ts';
import { companionsOf } from './identity-companions.ts';
import type { Work } from './work.ts';

/** Schema under which ephemeral models stand while statements are read; nobody's own. */
const ephemeralSchema = 'tidemill_ephemeral';

const relationKey = (schema: string, name: string): string =>
  JSON.stringify([schema.toLowerCase(), name.toLowerCase()]);

interface Tracing {
  readonly work: Work;
  readonly models: ModelProject;
  readonly catalog: Catalog;
  readonly cache: LineageCache;
  /** The parser is loaded for the first node that the cache does not hold. */
  parser(): Promise<SqlParser>;
  /** What was traced so far, parents first. */
  readonly nodes: Map<string, LineageNode>;
  /** Ids by relation: a table may be declared as several sources. */
  readonly byRelation: ReadonlyMap<string, readonly string[]>;
  readonly companionOf: ReturnType<typeof companionsOf>;
  /** Begun, not all of them done. */
  readonly begun: Set<string>;
  /** Met before their turn: tables that a statement names without `ref`. */
  readonly ahead: Set<string>;
  /** By node id: names that models nobody could bind say it has, by lower case. */
  readonly assumed: Map<string, Map<string, string>>;
}

/**
 * The whole project's columns, from CRM field to CRM field. Reads what is compiled and bound; asks
 * no CRM. A node nobody could bind is read by its text alone.
 */
export async function traceProject(work: Work, cache: LineageCache): Promise<ColumnGraph> {
  const { models, graph, request } = work;
  const { warehouse } = request;
  if (!models) return buildColumnGraph([]);
  const catalog = await readCatalog(warehouse, warehouse.dialect);
  let loading: Promise<SqlParser> | undefined;
  const tracing: Tracing = {
    work,
    models,
    catalog,
    cache,
    parser: () => {
      loading ??= loadSqlParser(warehouse.dialect.name);
      return loading;
    },
    nodes: new Map(),
    byRelation: indexRelations(models),
    companionOf: companionsOf(models),
    begun: new Set(),
    ahead: new Set(),
    assumed: new Map(),
  };
  const add = (node: LineageNode): void => void tracing.nodes.set(node.id, node);
  for (const id of graph.order) await visit(tracing, id);
  for (const [id, names] of tracing.assumed) addAssumed(tracing.nodes, id, [...names.values()]);
  for (const sync of work.syncs) {
    const model = sync.graphNode.dependsOn[0];
    const from = model === undefined ? undefined : tracing.nodes.get(model);
    if (sync.spec && from) add(traceSync(sync.id, sync.spec, from, sync.graphNode.file));
  }
  cache.save();
  return buildColumnGraph(tracing.nodes.values());
}

/** What is met before its turn goes first, and then the node is read once more. */
async function visit(tracing: Tracing, id: string): Promise<void> {
  const { models, nodes, begun, ahead } = tracing;
  if (begun.has(id)) return;
  begun.add(id);
  const node = models.nodes.get(id);
  if (isSourceNode(node)) return addSource(tracing, node);
  if (!isModelNode(node)) return;
  nodes.set(id, await traceModel(tracing, node));
  while (ahead.size > 0) {
    const met = [...ahead];
    ahead.clear();
    for (const one of met) await visit(tracing, one);
    nodes.set(id, await traceModel(tracing, node));
  }
}

/** Models before sources: of a table that is both, the model tells more. */
function indexRelations(models: ModelProject): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const add = (schema: string, name: string, id: string): void => {
    const key = relationKey(schema, name);
    found.set(key, [...(found.get(key) ?? []), id]);
  };
  const all = [...models.nodes.values()];
  for (const { id, nodeConfig, relation } of all.filter(isModelNode)) {
    const isEphemeral = nodeConfig.materialization === 'ephemeral';
    if (isEphemeral) add(ephemeralSchema, id, id);
    else add(relation.schema, relation.name, id);
  }
  for (const { id, relation } of all.filter(isSourceNode)) add(relation.schema, relation.name, id);
  return found;
}

/** A source and, where it is a connection's, the stream that lands in it. */
function addSource({ work, models, nodes, byRelation }: Tracing, node: SourceNode): void {
  const columns = work.sourceColumns.get(node.id) ?? [];
  const declared = declaredLabels(models, byRelation, node);
  const { streamId } = node;
  if (streamId !== undefined) {
    const chosen = work.streams.chosen.get(streamId);
    const known = nodes.get(streamId);
    nodes.set(
      streamId,
      traceStream(streamId, { columns, declared, known, stream: chosen?.stream }),
    );
  }
  nodes.set(node.id, {
    ...traceSource(columns, streamId === undefined ? undefined : nodes.get(streamId)),
    id: node.id,
    kind: 'source',
    label: formatRelation(node.relation),
    file: node.file,
    detail: streamId === undefined ? 'source' : 'landed',
    reads: streamId === undefined ? [] : [streamId],
    types: new Map(columns.map(({ name, typeName }) => [name, typeName])),
    declared: streamId === undefined ? declared : new Map(),
  });
}

/** Those of the table, whichever of its sources declares them; a model's own count before these. */
function declaredLabels(
  models: ModelProject,
  byRelation: Tracing['byRelation'],
  node: ModelNode | SourceNode,
): Map<string, readonly string[]> {
  const { schema, name } = node.relation;
  const labels = new Map<string, readonly string[]>();
  for (const id of byRelation.get(relationKey(schema, name)) ?? []) {
    const source = models.nodes.get(id);
    if (!isSourceNode(source)) continue;
    for (const [column, more] of ownLabels(source)) {
      labels.set(column, [...new Set([...(labels.get(column) ?? []), ...more])].toSorted());
    }
  }
  return isModelNode(node) ? new Map([...labels, ...ownLabels(node)]) : labels;
}

function ownLabels(node: ModelNode | SourceNode): (readonly [string, readonly string[]])[] {
  return node.columns.flatMap(({ name, labels }) =>
    labels ? [[name.toLowerCase(), labels] as const] : [],
  );
}

async function traceModel(tracing: Tracing, node: ModelNode): Promise<LineageNode> {
  const { work, models, catalog, byRelation } = tracing;
  const bound = work.bound.get(node.id)?.columns;
  const lineage = await findLineage(
    tracing,
    node,
    bound?.map(({ name }) => name),
  );
  const standing = bound ?? catalog.columnsOf(node.relation) ?? [];
  return {
    ...lineage,
    id: node.id,
    kind: node.resourceType,
    label: formatRelation(node.relation),
    file: node.file,
    detail: node.nodeConfig.materialization,
    reads: [
      ...readsOf(models, { dependsOn: node.dependsOn }),
      ...(lineage.gap === undefined ? [] : namedWithoutRef(tracing, node)),
    ],
    types: new Map(standing.map(({ name, typeName }) => [name, typeName])),
    declared: declaredLabels(models, byRelation, node),
  };
}

/** Of a statement that nobody can read, what bears a name that it has: more than is true. */
function namedWithoutRef({ byRelation }: Tracing, node: ModelNode): string[] {
  const words = new Set(node.text.toLowerCase().match(/[\p{L}\p{N}_$]+/gu));
  return [...byRelation].flatMap(([key, ids]) => {
    const [, name = ''] = JSON.parse(key) as [string, string];
    return words.has(name)
      ? ids.filter((id) => id !== node.id && !node.dependsOn.includes(id))
      : [];
  });
}

async function findLineage(
  tracing: Tracing,
  node: ModelNode,
  columns: readonly string[] | undefined,
): Promise<NodeLineage> {
  if (node.resourceType === 'seed') {
    return { columns: (columns ?? []).map((name) => ({ name, from: [] })), rows: [] };
  }
  if (languageOf(node) === 'typescript') {
    return gapLineage(columns ?? [], 'it is written in TypeScript');
  }
  const { work, cache } = tracing;
  const text = work.fingerprints.get(node.id);
  // What the warehouse answered while it was rendered is no part of the fingerprint.
  const key = columns && text && !text.asksWarehouse ? text.boundAs : undefined;
  const known = key === undefined ? undefined : cache.get(key);
  if (known) return known;
  const missing = new Set<string>();
  const found = await readLineage(tracing, node, columns, missing);
  const edges = [...found.columns.flatMap(({ from }) => from), ...found.rows];
  // What else it names may be another's tomorrow, or there: its text says nothing of that.
  const isWhole = found.gap === undefined || missing.size === 0;
  const isKnown = isWhole && edges.every((edge) => node.dependsOn.includes(edge.node));
  if (key !== undefined && isKnown) cache.set(key, found);
  return found;
}

/** `missing` takes the names of tables of which nothing is known. */
async function readLineage(
  tracing: Tracing,
  node: ModelNode,
  columns: readonly string[] | undefined,
  missing: Set<string>,
): Promise<NodeLineage> {
  const { work } = tracing;
  let selects: readonly string[];
  try {
    selects = await compileSelects(tracing, node);
  } catch (error) {
    const [reason = ''] = messageOf(error).split('\n');
    return gapLineage(columns ?? [], `its template cannot be rendered: ${reason}`);
  }
  const find = tableFinder(tracing, node, columns);
  const history = work.bound.get(node.id)?.history ?? node.nodeConfig.history;
  const { id, name, file, relation, nodeConfig: config } = node;
  return traceNode(
    await tracing.parser(),
    {
      id,
      name,
      file,
      relation,
      config,
      selects,
      ...(history ? { history } : {}),
      ...(columns ? { columns } : {}),
    },
    (schema, table) => {
      const read = find(schema, table);
      if (read === undefined) missing.add(table);
      return read;
    },
  );
}

/** The select of a whole build and, where it says another thing, that of an increment. */
async function compileSelects(tracing: Tracing, node: ModelNode): Promise<string[]> {
  const { models, work } = tracing;
  const { warehouse, boundaryMs, invocationId } = work.request;
  const options = {
    moment: { boundaryMs, invocationId, isFullRefresh: false },
    warehouse: {
      describe: async (relation: Relation) =>
        describeNode(tracing, relation) ?? (await warehouse.describe(relation)),
      session: warehouse,
    },
    givenName: (id: string) => {
      const parent = models.nodes.get(id);
      const isEphemeral = isModelNode(parent) && parent.nodeConfig.materialization === 'ephemeral';
      return isEphemeral ? quoteRelation({ schema: ephemeralSchema, name: id }) : undefined;
    },
  };
  const { sql } = await compileNode(models, node, options);
  if (!isAddedTo(node)) return [sql];
  const increment = await compileNode(models, node, { ...options, isIncremental: true });
  return increment.sql === sql ? [sql] : [sql, increment.sql];
}

function describeNode({ work, byRelation }: Tracing, { schema, name }: Relation) {
  const [id] = byRelation.get(relationKey(schema, name)) ?? [];
  return id === undefined ? undefined : (work.bound.get(id)?.columns ?? work.sourceColumns.get(id));
}

/**
 * Columns that only a model's text tells of. Where the table's columns are known it has none of
 * that name: that is why the model does not bind.
 */
function addAssumed(nodes: Map<string, LineageNode>, id: string, names: readonly string[]): void {
  const node = nodes.get(id);
  if (!node) return;
  const isMissing = node.columns.length > 0;
  const stream = node.kind === 'source' ? nodes.get(node.reads[0] ?? '') : undefined;
  const columns = [...node.columns];
  for (const name of names) {
    const isField = stream !== undefined && !isMissing && !name.startsWith('_');
    const from = isField ? [{ node: stream.id, column: name, kinds: ['copied' as const] }] : [];
    columns.push({ name, from, ...(isMissing ? { isMissing } : {}) });
    if (isField) addField(nodes, stream.id, name);
  }
  nodes.set(id, { ...node, columns });
}

function addField(nodes: Map<string, LineageNode>, id: string, name: string): void {
  const node = nodes.get(id);
  if (!node || node.columns.some((column) => column.name === name)) return;
  nodes.set(id, { ...node, columns: [...node.columns, { name, from: [] }] });
}

/** Tables that a node's statement may name: nodes of the project, else what stands. */
function tableFinder(tracing: Tracing, node: ModelNode, own: readonly string[] | undefined) {
  const { models, nodes, byRelation, begun, ahead, catalog } = tracing;
  return (written: string | undefined, name: string): ReadableTable | undefined => {
    const schema = written ?? models.target.schema;
    const ids = byRelation.get(relationKey(schema, name)) ?? [];
    const id = ids.find((one) => node.dependsOn.includes(one)) ?? ids[0];
    if (id === node.id) {
      return { relation: id, columns: own ?? [], ...(own ? {} : { assume: () => {} }) };
    }
    const known = id === undefined ? undefined : nodes.get(id);
    if (known) return readable(tracing, known, own === undefined);
    if (id !== undefined && !begun.has(id)) {
      ahead.add(id);
      return undefined;
    }
    const standing = catalog.columnsOf({ schema, name });
    if (!standing) return undefined;
    const relation = `table.${schema}.${name}`;
    const columns = standing.map((column) => column.name);
    if (!nodes.has(relation)) {
      const beside = tracing.companionOf({ schema, name })?.identity;
      nodes.set(relation, foreignTable(relation, { schema, name }, columns, beside));
    }
    return { relation, columns };
  };
}

/** For a model nobody could bind, a name that its table has not is taken as said. */
function readable(
  { assumed }: Tracing,
  { id, columns, gap }: LineageNode,
  isLenient: boolean,
): ReadableTable | undefined {
  if (columns.length === 0 && gap !== undefined) return undefined;
  const names = columns.map(({ name }) => name);
  if (!isLenient) return { relation: id, columns: names };
  const assume = (name: string): void => {
    const named = assumed.get(id) ?? new Map<string, string>();
    assumed.set(id, named.set(name.toLowerCase(), name));
  };
  return { relation: id, columns: names, assume };
}

/**
 * A table that no source declares: somebody else's, or one that stands beside an identity and holds
 * values of its records.
 */
function foreignTable(
  id: string,
  relation: Relation,
  columns: readonly string[],
  identity: ModelNode | undefined,
): LineageNode {
  return {
    id,
    kind: 'table',
    label: formatRelation(relation),
    file: '',
    detail: identity ? `beside ${identity.name}` : 'a table that no source declares',
    ...(identity
      ? gapLineage(columns, `it stands beside the identity ${identity.name}`)
      : { columns: columns.map((name) => ({ name, from: [] })), rows: [] }),
    reads: identity ? [...identity.dependsOn, identity.id] : [],
    types: new Map(),
    declared: new Map(),
  };
}
