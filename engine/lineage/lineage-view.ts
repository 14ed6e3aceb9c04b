import {
  type ColumnGraph,
  type ColumnRef,
  type GraphEdge,
  type LineageNode,
  refKey,
  uniteEdges,
} from './column-graph.ts';
import {
  type Direction,
  directions,
  everyColumn,
  type WalkOptions,
  walkColumns,
} from './column-walk.ts';
import type { Target } from './find-column.ts';
import type { ColumnLabels } from './labels.ts';

export interface ViewColumn {
  readonly name: string;
  readonly type?: string;
  readonly labels: readonly string[];
  readonly isStart: boolean;
  readonly isMissing: boolean;
}

/** A node and those of its columns that are shown. */
export interface ViewNode {
  readonly node: LineageNode;
  readonly columns: readonly ViewColumn[];
}

/** The part of the graph that was asked for: parents first. */
export interface LineageView {
  readonly target: Target;
  readonly starts: readonly ColumnRef[];
  readonly directions: readonly Direction[];
  readonly nodes: readonly ViewNode[];
  readonly edges: readonly GraphEdge[];
}

/** What a target's columns follow from and what follows from them. */
export function viewLineage(
  graph: ColumnGraph,
  labels: ColumnLabels,
  target: Target,
  options: WalkOptions & { readonly directions?: readonly Direction[] } = {},
): LineageView {
  const { node, column } = target;
  const names = column === undefined ? node.columns.map(({ name }) => name) : [column];
  const starts = (names.length > 0 ? names : [everyColumn]).map((name) => ({
    node: node.id,
    column: name,
  }));
  const wanted = options.directions ?? directions;
  const walks = wanted.map((direction) => walkColumns(graph, starts, direction, options));
  const refs = new Map<string, ColumnRef>();
  const edges = new Map<string, GraphEdge>();
  for (const walk of walks) {
    for (const ref of walk.refs) refs.set(refKey(ref), ref);
    for (const edge of walk.edges) {
      const key = `${refKey(edge.from)}\u0001${refKey(edge.to)}`;
      edges.set(key, uniteEdges(edges.get(key), edge));
    }
  }
  const isStart = new Set(starts.map(refKey));
  const nodes = [...graph.nodes.values()].flatMap((one): ViewNode[] => {
    const mine = [...refs.values()].filter((ref) => ref.node === one.id);
    if (mine.length === 0) return [];
    const place = new Map(one.columns.map(({ name }, index) => [name, index]));
    const columns = mine
      .toSorted((left, right) => (place.get(left.column) ?? -1) - (place.get(right.column) ?? -1))
      .map((ref) => toColumn(one, ref, labels, isStart.has(refKey(ref))));
    return [{ node: one, columns }];
  });
  return { target, starts, directions: wanted, nodes, edges: [...edges.values()] };
}

function toColumn(
  node: LineageNode,
  ref: ColumnRef,
  labels: ColumnLabels,
  isStart: boolean,
): ViewColumn {
  const type = node.types.get(ref.column);
  const column = node.columns.find(({ name }) => name === ref.column);
  return {
    name: ref.column,
    labels: labels.of(ref),
    isStart,
    isMissing: column?.isMissing ?? false,
    ...(type === undefined ? {} : { type }),
  };
}
