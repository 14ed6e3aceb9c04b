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
  /** Ids by relation. */
  readonly byRelation: ReadonlyMap<string, string>;
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
    assumed: new Map(),
  };
  const add = (node: LineageNode): void => void tracing.nodes.set(node.id, node);
  for (const id of graph.order) {
    const node = models.nodes.get(id);
    if (isSourceNode(node)) addSource(tracing, node);
    else if (isModelNode(node)) add(await traceModel(tracing, node));
  }
  for (const [id, names] of tracing.assumed) addAssumed(tracing.nodes, id, [...names.values()]);
  for (const sync of work.syncs) {
    const model = sync.graphNode.dependsOn[0];
    const from = model === undefined ? undefined : tracing.nodes.get(model);
    if (sync.spec && from) add(traceSync(sync.id, sync.spec, from, sync.graphNode.file));
  }
  cache.save();
  return buildColumnGraph(tracing.nodes.values());
}

function indexRelations(models: ModelProject): Map<string, string> {
  const found = new Map<string, string>();
  for (const node of models.nodes.values()) {
    if (isModelNode(node)) {
      const isEphemeral = node.nodeConfig.materialization === 'ephemeral';
      const schema = isEphemeral ? ephemeralSchema : node.relation.schema;
      found.set(relationKey(schema, isEphemeral ? node.id : node.relation.name), node.id);
    } else if (isSourceNode(node)) {
      const key = relationKey(node.relation.schema, node.relation.name);
      if (!found.has(key)) found.set(key, node.id);
    }
  }
  return found;
}

/** A source and, where it is a connection's, the stream that lands in it. */
function addSource({ work, nodes }: Tracing, node: SourceNode): void {
  const columns = work.sourceColumns.get(node.id) ?? [];
  const declared = declaredLabels(node);
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

function declaredLabels(node: ModelNode | SourceNode): Map<string, readonly string[]> {
  return new Map(
    node.columns.flatMap(({ name, labels }) => (labels ? [[name.toLowerCase(), labels]] : [])),
  );
}

async function traceModel(tracing: Tracing, node: ModelNode): Promise<LineageNode> {
  const { work, models, catalog } = tracing;
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
    reads: readsOf(models, { dependsOn: node.dependsOn }),
    types: new Map(standing.map(({ name, typeName }) => [name, typeName])),
    declared: declaredLabels(node),
  };
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
  const found = await readLineage(tracing, node, columns);
  if (key !== undefined) cache.set(key, found);
  return found;
}

async function readLineage(
  tracing: Tracing,
  node: ModelNode,
  columns: readonly string[] | undefined,
): Promise<NodeLineage> {
  const { work } = tracing;
  let selects: readonly string[];
  try {
    selects = await compileSelects(tracing, node);
  } catch (error) {
    const [reason = ''] = messageOf(error).split('\n');
    return gapLineage(columns ?? [], `its template cannot be rendered: ${reason}`);
  }
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
    tableFinder(tracing, node, columns),
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
  const id = byRelation.get(relationKey(schema, name));
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
  const { models, nodes, byRelation, catalog } = tracing;
  return (written: string | undefined, name: string): ReadableTable | undefined => {
    const schema = written ?? models.target.schema;
    const id = byRelation.get(relationKey(schema, name));
    if (id === node.id) return { relation: id, columns: own ?? [] };
    const known = id === undefined ? undefined : nodes.get(id);
    if (known) return readable(tracing, known, own === undefined);
    const standing = catalog.columnsOf({ schema, name });
    if (!standing) return undefined;
    const relation = `table.${schema}.${name}`;
    const columns = standing.map((column) => column.name);
    if (!nodes.has(relation))
      nodes.set(relation, foreignTable(relation, { schema, name }, columns));
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

/** A table of somebody else's that no source declares. */
function foreignTable(id: string, relation: Relation, columns: readonly string[]): LineageNode {
  return {
    id,
    kind: 'table',
    label: formatRelation(relation),
    file: '',
    detail: 'a table that no source declares',
    columns: columns.map((name) => ({ name, from: [] })),
    rows: [],
    reads: [],
    types: new Map(),
    declared: new Map(),
  };
}
