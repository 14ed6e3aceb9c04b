import type { JsonObject, JsonValue } from '../words/json.ts';
import type { ColumnGraph, LineageNode } from './column-graph.ts';
import type { ColumnLabels } from './labels.ts';
import type { ColumnEdge } from './node-lineage.ts';
import { type EdgeKind, isDirect } from './reads.ts';

/** Where datasets are, in the words of OpenLineage. */
export interface DatasetNames {
  /** Of tables: the warehouse. */
  readonly warehouse: string;
  /** Of a connection's streams and objects. */
  connection(name: string): string;
}

export interface DatasetContext {
  readonly graph: ColumnGraph;
  readonly labels: ColumnLabels;
  readonly names: DatasetNames;
  readonly producer: string;
}

const spec = 'https://openlineage.io/spec/facets';

/** A facet with who made it and which version of the standard it follows. */
export function facetOf(
  producer: string,
  name: string,
  version: string,
  body: JsonObject,
): JsonObject {
  return {
    _producer: producer,
    _schemaURL: `${spec}/${version}/${name}.json#/$defs/${name}`,
    ...body,
  };
}

interface DatasetId {
  readonly namespace: string;
  readonly name: string;
}

/** A node as a dataset: a table of the warehouse, a CRM's stream, or the object a sync writes. */
function datasetId(node: LineageNode, names: DatasetNames): DatasetId {
  const path = node.kind === 'sync' ? node.detail : node.label;
  if (node.kind !== 'sync' && node.kind !== 'stream') {
    return { namespace: names.warehouse, name: path };
  }
  const [connection = '', ...rest] = path.split('.');
  return { namespace: names.connection(connection), name: rest.join('.') };
}

const indirect: Readonly<Record<Exclude<EdgeKind, 'copied' | 'computed'>, string>> = {
  filter: 'FILTER',
  join: 'JOIN',
  group: 'GROUP_BY',
  order: 'SORT',
  window: 'WINDOW',
};

function transformationOf(kind: EdgeKind): JsonObject {
  if (!isDirect(kind)) return { type: 'INDIRECT', subtype: indirect[kind] };
  return { type: 'DIRECT', subtype: kind === 'copied' ? 'IDENTITY' : 'TRANSFORMATION' };
}

/** Levels of ephemeral models in one another that are looked through. */
const depthMax = 50;

/** Ephemeral models are no datasets: their columns stand for what they follow from. */
function throughEphemerals(graph: ColumnGraph, edge: ColumnEdge, depth = 0): ColumnEdge[] {
  const node = graph.nodes.get(edge.node);
  if (node?.detail !== 'ephemeral' || depth >= depthMax) return [edge];
  const column = node.columns.find(({ name }) => name === edge.column);
  return (column?.from ?? []).flatMap((below) => {
    const kinds = edge.kinds.flatMap((kind) => {
      if (kind === 'copied') return below.kinds;
      const isInfluence = !isDirect(kind);
      return below.kinds.map((one) => (isDirect(one) ? (isInfluence ? kind : 'computed') : one));
    });
    return throughEphemerals(graph, { ...below, kinds: [...new Set(kinds)] }, depth + 1);
  });
}

function inputFields(context: DatasetContext, edges: readonly ColumnEdge[]): JsonValue[] {
  const { graph, names } = context;
  return edges
    .flatMap((edge) => throughEphemerals(graph, edge))
    .flatMap(({ node, column, kinds }) => {
      const source = graph.nodes.get(node);
      if (!source) return [];
      const transformations = kinds.map(transformationOf);
      return [{ ...datasetId(source, names), field: column, transformations }];
    });
}

function commonFacets(context: DatasetContext, node: LineageNode): Record<string, JsonValue> {
  const { producer, labels } = context;
  const fields = node.columns.map(({ name }, index) => {
    const type = node.types.get(name);
    return { name, ...(type === undefined ? {} : { type }), ordinal_position: index + 1 };
  });
  const tags = node.columns.flatMap(({ name }) =>
    labels
      .of({ node: node.id, column: name })
      .map((label) => ({ key: 'label', value: label, source: 'TIDEMILL', field: name })),
  );
  return {
    schema: facetOf(producer, 'SchemaDatasetFacet', '1-2-0', { fields }),
    ...(tags.length > 0 ? { tags: facetOf(producer, 'TagsDatasetFacet', '1-0-0', { tags }) } : {}),
  };
}

/** A dataset that is read. */
function inputDataset(context: DatasetContext, node: LineageNode): JsonObject {
  return { ...datasetId(node, context.names), facets: commonFacets(context, node) };
}

/** A dataset that is written, with what each of its columns follows from. */
export function outputDataset(
  context: DatasetContext,
  node: LineageNode,
  rowCount: number | undefined,
): JsonObject {
  const { producer } = context;
  const fields = Object.fromEntries(
    node.columns.map(({ name, from }) => [name, { inputFields: inputFields(context, from) }]),
  );
  const dataset = inputFields(context, node.rows);
  const lineage = { fields, ...(dataset.length > 0 ? { dataset } : {}) };
  const columnLineage = facetOf(producer, 'ColumnLineageDatasetFacet', '1-2-0', lineage);
  const statistics = 'OutputStatisticsOutputDatasetFacet';
  return {
    ...datasetId(node, context.names),
    facets: {
      ...commonFacets(context, node),
      // Where there is a gap nothing is claimed: the inputs say what is read.
      ...(node.gap === undefined ? { columnLineage } : {}),
    },
    ...(rowCount === undefined
      ? {}
      : {
          outputFacets: { outputStatistics: facetOf(producer, statistics, '1-0-2', { rowCount }) },
        }),
  };
}

/** The datasets a node reads, ephemeral models replaced by what those read. */
export function inputsOf(context: DatasetContext, node: LineageNode): JsonObject[] {
  const found = new Map<string, LineageNode>();
  const visited = new Set<string>();
  const visit = (id: string): void => {
    const parent = context.graph.nodes.get(id);
    if (!parent || visited.has(id)) return;
    visited.add(id);
    if (parent.detail === 'ephemeral') for (const one of parent.reads) visit(one);
    else found.set(id, parent);
  };
  for (const id of node.reads) visit(id);
  return [...found.values()].map((parent) => inputDataset(context, parent));
}
