import { isSourceNode } from '../declare/model-node.ts';
import type { Work } from './work.ts';

/**
 * Whether a node, built from its beginning, may lack rows that it once had: it follows from a table
 * that others write, from files or from the clock. What we landed ourselves, seeds and models of
 * both forget nothing.
 */
export function mayForget({ models, outside, fingerprints }: Work, id: string): boolean {
  if (!models) return false;
  for (const one of [id, ...models.graph.ancestorsOf([id])]) {
    const node = models.nodes.get(one);
    if (isSourceNode(node) && node.streamId === undefined) return true;
    const print = fingerprints.get(one);
    const isOpen = print?.readsClock || print?.asksWarehouse || print?.volatile !== undefined;
    if (isOpen || outside.has(one)) return true;
  }
  return false;
}
