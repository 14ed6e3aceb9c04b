import type { GraphNode } from './graph.ts';
import type { ProjectNode } from './model-node.ts';
import type { ModelProject } from './model-project.ts';

/** All nodes of some types: of a remembered project no others are looked into. */
export function nodesOfType(
  { graph, nodes }: Pick<ModelProject, 'graph' | 'nodes'>,
  ...types: readonly GraphNode['resourceType'][]
): ProjectNode[] {
  const list: ProjectNode[] = [];
  for (const { id, resourceType } of graph.nodes.values()) {
    const node = types.includes(resourceType) ? nodes.get(id) : undefined;
    if (node) list.push(node);
  }
  return list;
}
