import {
  type ColumnGraph,
  type ColumnRef,
  type GraphEdge,
  type LineageNode,
  refKey,
  uniteEdges,
} from './column-graph.ts';
import { isDirect } from './reads.ts';

export const directions = ['upstream', 'downstream'] as const;
export type Direction = (typeof directions)[number];

/** Stands for all columns of a node, where a gap lets nobody say which. */
export const everyColumn = '*';

export interface WalkOptions {
  /** Also what only chooses, joins or orders rows; it is shown and not followed further. */
  readonly withRows?: boolean;
}

/** One step from a column; an edge without kinds is that of a gap: the nodes, no columns. */
export function stepsFrom(
  graph: ColumnGraph,
  ref: ColumnRef,
  direction: Direction,
  { withRows = false }: WalkOptions = {},
): GraphEdge[] {
  const node = graph.nodes.get(ref.node);
  if (!node) return [];
  const refs =
    ref.column === everyColumn
      ? node.columns.map(({ name }) => ({ node: node.id, column: name }))
      : [ref];
  const isShown = ({ kinds }: GraphEdge): boolean => withRows || kinds.some(isDirect);
  const known = refs.flatMap((one) =>
    direction === 'upstream' ? graph.sourcesOf(one) : graph.readersOf(one),
  );
  return [
    ...uniqueEdges(known.filter(isShown), ref, direction),
    ...(withRows ? rowSteps(graph, node, refs, direction) : []),
    ...gapSteps(graph, node, ref, direction),
  ];
}

/** Edges of all columns of a node come from the node as one. */
function uniqueEdges(
  edges: readonly GraphEdge[],
  ref: ColumnRef,
  direction: Direction,
): GraphEdge[] {
  if (ref.column !== everyColumn) return [...edges];
  const found = new Map<string, GraphEdge>();
  for (const edge of edges) {
    const [other, turned] =
      direction === 'upstream'
        ? [edge.from, { ...edge, to: ref }]
        : [edge.to, { ...edge, from: ref }];
    found.set(refKey(other), uniteEdges(found.get(refKey(other)), turned));
  }
  return [...found.values()];
}

function rowSteps(
  graph: ColumnGraph,
  node: LineageNode,
  refs: readonly ColumnRef[],
  direction: Direction,
): GraphEdge[] {
  if (direction === 'upstream') {
    const [first] = refs;
    if (!first) return [];
    return node.rows.map(({ kinds, ...from }) => ({ from, to: first, kinds }));
  }
  return refs.flatMap((from) =>
    graph.choosesRowsOf(from).map((one) => {
      const to = { node: one.node, column: everyColumn };
      return { from, to, kinds: one.edge.kinds };
    }),
  );
}

function gapSteps(
  graph: ColumnGraph,
  node: LineageNode,
  ref: ColumnRef,
  direction: Direction,
): GraphEdge[] {
  if (direction === 'downstream') {
    return graph
      .gapsAfter(node.id)
      .map(({ id }) => ({ from: ref, to: { node: id, column: everyColumn }, kinds: [] }));
  }
  if (node.gap === undefined) return [];
  return node.reads
    .filter((id) => graph.nodes.has(id))
    .map((id) => ({ from: { node: id, column: everyColumn }, to: ref, kinds: [] }));
}

/** Columns that were met and the edges between them. */
export interface Walk {
  readonly refs: readonly ColumnRef[];
  readonly edges: readonly GraphEdge[];
}

/** Everything the columns follow from, or all that follows from them. */
export function walkColumns(
  graph: ColumnGraph,
  starts: readonly ColumnRef[],
  direction: Direction,
  options: WalkOptions = {},
): Walk {
  const refs = new Map(starts.map((ref) => [refKey(ref), ref]));
  const edges: GraphEdge[] = [];
  const waiting = [...starts];
  for (let ref = waiting.shift(); ref; ref = waiting.shift()) {
    for (const edge of stepsFrom(graph, ref, direction, options)) {
      edges.push(edge);
      const other = direction === 'upstream' ? edge.from : edge.to;
      if (refs.has(refKey(other))) continue;
      refs.set(refKey(other), other);
      const isFollowed = edge.kinds.length === 0 || edge.kinds.some(isDirect);
      if (isFollowed) waiting.push(other);
    }
  }
  return { refs: [...refs.values()], edges };
}
