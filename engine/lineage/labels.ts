import { type ColumnGraph, type ColumnRef, type LineageNode, refKey } from './column-graph.ts';
import { isDirect } from './reads.ts';

/** Labels of columns: those declared, and those that travel to them with values. */
export interface ColumnLabels {
  of(ref: ColumnRef): readonly string[];
}

/**
 * Labels travel with values, copied or computed, not with what only chooses rows. A column that
 * declares labels itself has exactly those. Through a node with a gap every label of what it reads
 * travels to every column: nobody can say that one does not.
 */
export function spreadLabels(graph: ColumnGraph): ColumnLabels {
  const known = new Map<string, readonly string[]>();
  const visit = (ref: ColumnRef): readonly string[] => {
    const key = refKey(ref);
    const found = known.get(key);
    if (found) return found;
    // What leads back to itself adds nothing to itself.
    known.set(key, []);
    const labels = labelsOf(graph, ref, visit);
    known.set(key, labels);
    return labels;
  };
  return { of: visit };
}

function labelsOf(
  graph: ColumnGraph,
  ref: ColumnRef,
  visit: (ref: ColumnRef) => readonly string[],
): readonly string[] {
  const node = graph.nodes.get(ref.node);
  if (!node) return [];
  const declared = node.declared.get(ref.column.toLowerCase());
  if (declared) return declared;
  const sources = node.gap === undefined ? directSources(graph, ref) : everyColumn(graph, node);
  return [...new Set(sources.flatMap(visit))].toSorted();
}

function directSources(graph: ColumnGraph, ref: ColumnRef): ColumnRef[] {
  return graph.sourcesOf(ref).flatMap(({ from, kinds }) => (kinds.some(isDirect) ? [from] : []));
}

function everyColumn(graph: ColumnGraph, node: LineageNode): ColumnRef[] {
  return node.reads.flatMap((id) =>
    (graph.nodes.get(id)?.columns ?? []).map(({ name }) => ({ node: id, column: name })),
  );
}
