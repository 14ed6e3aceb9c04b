import { refKey } from '../../engine/lineage/column-graph.ts';
import type { LineageView, ViewColumn } from '../../engine/lineage/lineage-view.ts';
import { isDirect } from '../../engine/lineage/reads.ts';

/** By their codes: a name is text, not an entity, a directive, Markdown or a line break. */
const escapeText = (text: string): string =>
  text.replace(/[#&"<>%`\\\p{Cc}]/gu, (letter) => `#${letter.codePointAt(0)};`);

function textOf({ name, labels }: ViewColumn): string {
  return escapeText(labels.length > 0 ? `${name} [${labels.join(', ')}]` : name);
}

/**
 * The view as a Mermaid flowchart: a solid arrow copies, a dotted one computes, one that ends in a
 * circle only chooses rows.
 */
export function lineageMermaid({ nodes, edges }: LineageView): string {
  const ids = new Map<string, string>();
  const boxes = nodes.flatMap(({ node, columns }, index) => {
    const title = node.kind === 'sync' ? `${node.label} → ${node.detail}` : node.label;
    const lines = columns.map((column, place) => {
      const id = `n${index}c${place}`;
      ids.set(refKey({ node: node.id, column: column.name }), id);
      return `    ${id}["${textOf(column)}"]${column.isStart ? ':::start' : ''}`;
    });
    return [`  subgraph n${index}["${escapeText(title)}"]`, ...lines, '  end'];
  });
  const arrows = edges.flatMap(({ from, to, kinds }) => {
    const [left, right] = [ids.get(refKey(from)), ids.get(refKey(to))];
    if (left === undefined || right === undefined) return [];
    const rows = kinds.filter((kind) => !isDirect(kind));
    if (kinds.includes('copied')) return [`  ${left} --> ${right}`];
    if (kinds.includes('computed')) return [`  ${left} -.-> ${right}`];
    return [`  ${left} --o|${rows.join(', ') || 'not known'}| ${right}`];
  });
  const style = '  classDef start stroke-width:3px';
  return ['flowchart LR', ...boxes, ...arrows, style].join('\n');
}
