import type { NodeConfig } from './node.ts';

/** `delimiter` of a seed's config: what stands between the cells of its file; absent: a comma. */
export function delimiterOf({ raw }: NodeConfig): string | undefined {
  const delimiter = raw['delimiter'];
  return typeof delimiter === 'string' ? delimiter : undefined;
}
