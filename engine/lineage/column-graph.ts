import type { Stream } from '../words/stream.ts';
import type { ColumnEdge, NodeLineage } from './node-lineage.ts';
import { type EdgeKind, uniteKinds } from './reads.ts';

const lineageKinds = ['stream', 'source', 'table', 'seed', 'model', 'snapshot', 'sync'] as const;
export type LineageKind = (typeof lineageKinds)[number];

/** A node of the column graph: a CRM's stream, a table, or a sync with the fields it writes. */
export interface LineageNode extends NodeLineage {
  readonly id: string;
  readonly kind: LineageKind;
  /** As people write it: `schema.name`, `connection.Stream`, a sync's name. */
  readonly label: string;
  /** Relative to the project's root; empty where no file says it. */
  readonly file: string;
  /** `table`, `history`, …; of a sync its target. */
  readonly detail: string;
  /** Ids of the nodes it reads: all that is known where there is a gap. */
  readonly reads: readonly string[];
  /** The warehouse's own types, by column name. */
  readonly types: ReadonlyMap<string, string>;
  /** Labels declared on its columns, by lower-case name; they replace what would travel there. */
  readonly declared: ReadonlyMap<string, readonly string[]>;
  /** Of a stream: what the CRM said of it, where it was asked. */
  readonly stream?: Stream;
}

export interface ColumnRef {
  readonly node: string;
  readonly column: string;
}

/** An edge with both ends. */
export interface GraphEdge {
  readonly from: ColumnRef;
  readonly to: ColumnRef;
  readonly kinds: readonly EdgeKind[];
}

export interface ColumnGraph {
  readonly nodes: ReadonlyMap<string, LineageNode>;
  /** What a column follows from; those that only choose rows are left out (see `rows`). */
  sourcesOf(ref: ColumnRef): readonly GraphEdge[];
  /** Columns that follow from it. */
  readersOf(ref: ColumnRef): readonly GraphEdge[];
  /** Nodes whose rows it helps to choose. */
  choosesRowsOf(ref: ColumnRef): readonly { readonly node: string; readonly edge: ColumnEdge }[];
  /** Nodes with a gap that read the node: whatever follows from it there is not known. */
  gapsAfter(node: string): readonly LineageNode[];
}

export const refKey = ({ node, column }: ColumnRef): string =>
  `${node}\u0000${column.toLowerCase()}`;

/** Two edges between the same ends as one, which says all that either does. */
export function uniteEdges(one: GraphEdge | undefined, other: GraphEdge): GraphEdge {
  if (one === undefined) return other;
  return { ...other, kinds: [...uniteKinds(one.kinds, other.kinds)].toSorted() };
}

/** Joins the nodes by their edges. Edges to columns that nobody has are dropped. */
export function buildColumnGraph(list: Iterable<LineageNode>): ColumnGraph {
  const nodes = new Map<string, LineageNode>();
  for (const node of list) nodes.set(node.id, node);
  const known = new Map<string, ColumnRef>();
  for (const { id, columns } of nodes.values()) {
    for (const { name } of columns)
      known.set(refKey({ node: id, column: name }), { node: id, column: name });
  }
  const sources = new Map<string, GraphEdge[]>();
  const readers = new Map<string, GraphEdge[]>();
  const chosen = new Map<string, { node: string; edge: ColumnEdge }[]>();
  const gaps = new Map<string, LineageNode[]>();
  for (const node of nodes.values()) {
    for (const { name, from } of node.columns) {
      const to = { node: node.id, column: name };
      for (const { kinds, ...origin } of from) {
        const ref = known.get(refKey(origin));
        if (!ref) continue;
        const edge = { from: ref, to, kinds };
        push(sources, refKey(to), edge);
        push(readers, refKey(ref), edge);
      }
    }
    for (const edge of node.rows) {
      const ref = known.get(refKey(edge));
      if (ref) push(chosen, refKey(ref), { node: node.id, edge: { ...edge, ...ref } });
    }
    if (node.gap !== undefined) for (const id of node.reads) push(gaps, id, node);
  }
  return {
    nodes,
    sourcesOf: (ref) => sources.get(refKey(ref)) ?? [],
    readersOf: (ref) => readers.get(refKey(ref)) ?? [],
    choosesRowsOf: (ref) => chosen.get(refKey(ref)) ?? [],
    gapsAfter: (id) => gaps.get(id) ?? [],
  };
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
