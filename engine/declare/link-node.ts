import type { FaultList } from './model-fault.ts';
import type { AnalysisNode, ModelNode } from './model-node.ts';
import type { NodeIndex, Referable } from './node-index.ts';
import type { SourceIndex } from './source-index.ts';

/** Turns the calls a node made into edges; a call that leads nowhere is a fault at its place. */
export function linkNode<N extends ModelNode | AnalysisNode>(
  node: N,
  refs: NodeIndex<Referable>,
  sources: SourceIndex,
  faults: FaultList,
): N {
  const ids = new Set<string>();
  for (const call of node.refs) {
    const found = refs.find(call, node.packageName);
    if ('id' in found) ids.add(found.id);
    else {
      const hint = found.hint === undefined ? {} : { hint: found.hint };
      faults.error(call.place, found.complaint, { nodeId: node.id, ...hint });
    }
  }
  for (const call of node.sources) {
    const found = sources.find(call.source, call.table, node.packageName);
    if ('id' in found) ids.add(found.id);
    else faults.error(call.place, found.complaint, { nodeId: node.id });
  }
  return { ...node, dependsOn: [...ids] };
}
