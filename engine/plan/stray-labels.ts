import { formatFault } from '../declare/model-fault.ts';
import { isModelNode, isSourceNode } from '../declare/model-node.ts';
import type { ColumnGraph } from '../lineage/column-graph.ts';
import { suggestName } from '../words/suggest.ts';
import type { Work } from './work.ts';

/**
 * Labels on names that no column has and that are near one that is there: misspelt, they mark
 * nothing, and what they should mark goes out unmarked. Others may be fields that nobody extracts.
 */
export function findStrayLabels({ models }: Work, graph: ColumnGraph): string[] {
  return [...(models?.nodes.values() ?? [])].flatMap((node) => {
    if (!isModelNode(node) && !isSourceNode(node)) return [];
    const stream = isSourceNode(node) ? node.streamId : undefined;
    const known = [node.id, stream ?? ''].flatMap(
      (id) => graph.nodes.get(id)?.columns.map(({ name }) => name) ?? [],
    );
    const there = new Set(known.map((name) => name.toLowerCase()));
    return node.columns.flatMap(({ name, labels = [], place }) => {
      if (labels.length === 0 || there.has(name.toLowerCase())) return [];
      const meant = suggestName(name, known);
      if (meant === undefined) return [];
      const label = graph.nodes.get(node.id)?.label ?? node.name;
      const message = `${label} has no column "${name}", which is labelled ${labels.join(', ')}`;
      return [
        formatFault({ ...place, severity: 'warning', message, hint: `did you mean "${meant}"?` }),
      ];
    });
  });
}
