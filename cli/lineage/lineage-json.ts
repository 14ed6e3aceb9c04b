import type { LineageView } from '../../engine/lineage/lineage-view.ts';
import type { ColumnEdge } from '../../engine/lineage/node-lineage.ts';

/** The view as plain values, in the spelling of JSON. */
export function lineageJson({ target, directions, nodes, edges }: LineageView): unknown {
  const shown = new Set(nodes.map(({ node }) => node.id));
  const isShown = (edge: ColumnEdge): boolean => shown.has(edge.node);
  return {
    node: target.node.id,
    column: target.column ?? null,
    directions,
    nodes: nodes.map(({ node, columns }) => ({
      id: node.id,
      kind: node.kind,
      name: node.label,
      detail: node.detail,
      file: node.file || null,
      gap: node.gap ?? null,
      columns: columns.map(({ name, type, labels, isMissing }) => ({
        name,
        type: type ?? null,
        labels,
        ...(isMissing ? { missing: true } : {}),
      })),
      rows: node.rows.filter(isShown),
    })),
    edges,
  };
}
