import type { Relation } from '../words/table.ts';
import type { ModelNode } from './model-node.ts';
import type { ModelProject } from './model-project.ts';

/** The node in which people's decisions on an identity stand; undefined where it has none. */
export function findDecisions(
  project: ModelProject,
  node: ModelNode,
): (ModelNode & { readonly relation: Relation }) | undefined {
  const name = node.nodeConfig.identity?.decisions;
  const call = node.refs.find((ref) => ref.name === name);
  if (name === undefined || call === undefined) return undefined;
  const found = project.refs.find(call, node.packageName);
  return 'id' in found ? found : undefined;
}
