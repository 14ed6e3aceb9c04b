import { didYouMean } from '../words/suggest.ts';
import type { RefCall } from './model-node.ts';

/** The least a node must be to be found by `ref`. */
export interface Referable {
  readonly id: string;
  readonly name: string;
  readonly packageName: string;
  readonly file: string;
  readonly version?: string;
  readonly latestVersion?: string;
}

/** Why a call leads to no node. */
export interface LostCall {
  readonly complaint: string;
  readonly hint?: string;
  /** There is such a node, switched off. */
  readonly isDisabled?: boolean;
}

export interface NodeIndex<N extends Referable> {
  find(call: Omit<RefCall, 'place'>, packageName: string): N | LostCall;
}

/** `ref` looks in the caller's package, then in the project, then in every other package. */
export function indexNodes<N extends Referable>(
  nodes: Iterable<N>,
  disabled: Iterable<Referable>,
  packageNames: readonly string[],
): NodeIndex<N> {
  const byName = new Map<string, N[]>();
  for (const node of nodes) {
    const known = byName.get(node.name);
    if (known) known.push(node);
    else byName.set(node.name, [node]);
  }
  const off = new Map([...disabled].map((node) => [node.name, node]));
  return {
    find: (call, packageName) => {
      const named = byName.get(call.name) ?? [];
      const order = call.packageName ? [call.packageName] : [packageName, ...packageNames];
      for (const name of order) {
        const node = named.find(
          (candidate) => candidate.packageName === name && isVersion(candidate, call.version),
        );
        if (node) return node;
      }
      const spelled = call.packageName ? `${call.packageName}.${call.name}` : call.name;
      const versions = named.flatMap(({ version }) => version ?? []);
      if (call.version !== undefined && named.length > 0) {
        const known = versions.length === 0 ? 'it has none' : `there is ${versions.join(', ')}`;
        return { complaint: `"${spelled}" has no version ${call.version}; ${known}` };
      }
      const disabledNode = off.get(call.name);
      if (disabledNode) {
        return {
          complaint: `ref('${spelled}') names a model that is disabled`,
          hint: `see "enabled" for ${disabledNode.file}`,
          isDisabled: true,
        };
      }
      const elsewhere = named.map((node) => `${node.packageName}.${node.name}`);
      if (elsewhere.length > 0) {
        return { complaint: `there is no model "${spelled}"; there is ${elsewhere.join(', ')}` };
      }
      return { complaint: `there is no model "${spelled}"${didYouMean(call.name, byName.keys())}` };
    },
  };
}

function isVersion(node: Referable, version: string | undefined): boolean {
  if (node.version === undefined) return version === undefined;
  return node.version === (version ?? node.latestVersion);
}
