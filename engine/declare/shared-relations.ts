import type { FaultList } from './model-fault.ts';
import type { ModelNode } from './model-node.ts';

/** Two nodes that are built under one name. */
export function reportSharedRelations(models: readonly ModelNode[], faults: FaultList): void {
  const taken = new Map<string, ModelNode>();
  for (const node of models) {
    if (node.nodeConfig.materialization === 'ephemeral') continue;
    const key = `${node.relation.schema}.${node.relation.name}`.toLowerCase();
    const first = taken.get(key);
    if (first === undefined) {
      taken.set(key, node);
      continue;
    }
    if (first.name === node.name && first.packageName === node.packageName) continue;
    faults.error(
      { file: node.file, line: 1, column: 1 },
      `${key} is already built by ${first.file}`,
      { nodeId: node.id, hint: 'give one of them another alias or schema' },
    );
  }
}
