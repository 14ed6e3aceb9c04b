import { didYouMean } from '../words/suggest.ts';
import type { ColumnGraph, LineageNode } from './column-graph.ts';

/** A node, and a column of it where one was named. */
export interface Target {
  readonly node: LineageNode;
  readonly column?: string;
}

/** What people write for a node, the plainest first. */
function namesOf({ id, kind, label }: LineageNode): string[] {
  const own = label.split('.').slice(1).join('.');
  const name = kind === 'sync' ? label : own;
  const prefix = kind === 'sync' ? [`sync.${label}`, `sync:${label}`] : [];
  const source = kind === 'source' || kind === 'stream' ? [`source:${label}`] : [name];
  return [id, label, ...prefix, ...source];
}

/** Where a name means several things: models, then what is written, then what is read. */
const ranks: Readonly<Record<LineageNode['kind'], number>> = {
  model: 0,
  snapshot: 0,
  seed: 0,
  sync: 1,
  stream: 2,
  source: 3,
  table: 4,
};

function findNode(nodes: readonly LineageNode[], text: string): LineageNode | undefined {
  const lower = text.toLowerCase();
  return (
    nodes.find((node) => namesOf(node).includes(text)) ??
    nodes.find((node) => namesOf(node).some((name) => name.toLowerCase() === lower))
  );
}

/** Finds `node` or `node.column`: names, `schema.name`, `connection.Stream`, `sync.name`, ids. */
export function findTarget(graph: ColumnGraph, text: string): Target | { complaint: string } {
  const nodes = [...graph.nodes.values()].toSorted(
    (left, right) => ranks[left.kind] - ranks[right.kind],
  );
  const whole = findNode(nodes, text);
  if (whole) return { node: whole };
  for (let at = text.lastIndexOf('.'); at > 0; at = text.lastIndexOf('.', at - 1)) {
    const node = findNode(nodes, text.slice(0, at));
    if (!node) continue;
    const wanted = text.slice(at + 1);
    const names = node.columns.map(({ name }) => name);
    const column =
      names.find((name) => name === wanted) ??
      names.find((name) => name.toLowerCase() === wanted.toLowerCase());
    if (column !== undefined) return { node, column };
    const why = node.gap === undefined || names.length > 0 ? '' : `: ${node.gap}`;
    const meant = didYouMean(wanted, names) || listSome(names);
    return { complaint: `${node.label} has no column "${wanted}"${meant}${why}` };
  }
  const names = new Set(nodes.flatMap((node) => namesOf(node).slice(1)));
  // With a column behind it, the node's own part is what is nearly right.
  const own = text.slice(0, Math.max(0, text.lastIndexOf('.')));
  const meant = didYouMean(text, names) || (own === '' ? '' : didYouMean(own, names));
  return { complaint: `there is no node "${text}"${meant}` };
}

const shownMax = 12;

function listSome(names: readonly string[]): string {
  if (names.length === 0) return '';
  const rest = names.length > shownMax ? ', …' : '';
  return `; it has ${names.slice(0, shownMax).join(', ')}${rest}`;
}
