import type { InputWindow } from '../declare/input-window.ts';
import type { ModelNode } from '../declare/model-node.ts';
import type { WorkScope } from './work.ts';

/**
 * What a node sees of its inputs under `--sample` and `--empty`; undefined: all. Where a row that
 * is not seen would count as deleted, or change an id for good, all rows are seen.
 */
export function sampleOf(
  { sample, isEmpty }: Pick<WorkScope, 'sample' | 'isEmpty'>,
  { resourceType, nodeConfig }: ModelNode,
): InputWindow | undefined {
  if (!sample && !isEmpty) return undefined;
  if (resourceType === 'seed' || nodeConfig.identity) return undefined;
  if (nodeConfig.snapshot && nodeConfig.snapshot.hardDeletes !== 'ignore') return undefined;
  return { ...(sample ? { sample } : {}), ...(isEmpty ? { isEmpty } : {}) };
}
