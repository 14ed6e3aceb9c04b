import type { EdgeKind, Reads } from './reads.ts';

/** One column that another follows from. */
export interface ColumnEdge {
  /** The node's id: a model, a source, a stream, or `table.<schema>.<name>` for anybody's table. */
  readonly node: string;
  readonly column: string;
  readonly kinds: readonly EdgeKind[];
}

export interface ColumnLineage {
  readonly name: string;
  readonly from: readonly ColumnEdge[];
  /** A model names it and its table has no such column: the model does not bind. */
  readonly isMissing?: boolean;
}

/** What one node's columns follow from. */
export interface NodeLineage {
  readonly columns: readonly ColumnLineage[];
  /** What decides which rows there are: it concerns every column. */
  readonly rows: readonly ColumnEdge[];
  /**
   * Why the columns could not be followed. Then every column may follow from every column of the
   * nodes it reads, and no edge is told.
   */
  readonly gap?: string;
}

/** Reads as edges, in a steady order; those of the node itself are left out. */
export function toEdges(reads: Reads, self?: string): ColumnEdge[] {
  return [...reads.values()]
    .filter(({ relation }) => relation !== self)
    .map(({ relation, column, kinds }) => ({
      node: relation,
      column,
      kinds: [...kinds].toSorted(),
    }))
    .toSorted((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));
}

const keyOf = ({ node, column }: ColumnEdge): string => `${node}\u0000${column}`;

/** A node whose columns are known and what they follow from is not. */
export function gapLineage(columns: readonly string[], gap: string): NodeLineage {
  return { columns: columns.map((name) => ({ name, from: [] })), rows: [], gap };
}
