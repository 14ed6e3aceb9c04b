import { isModelNode } from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { quoteIdentifier } from '../declare/relation-value.ts';
import { TerminalError } from '../words/errors.ts';
import type { Warehouse } from '../words/warehouse.ts';
import { readCatalog } from './catalog.ts';
import type { StateComparison } from './state-comparison.ts';

export interface DeferRequest {
  readonly warehouse: Warehouse;
  readonly scope: { readonly defer?: 'missing' | 'always' };
}

/** `--defer`: what nodes that are not meant are read as, where they do not stand here. */
export async function findDeferred(
  { scope, warehouse }: DeferRequest,
  from: {
    readonly models: ModelProject | undefined;
    readonly selected: ReadonlySet<string>;
    readonly state: StateComparison | undefined;
  },
): Promise<ReadonlyMap<string, string>> {
  const { models, selected, state } = from;
  const deferred = new Map<string, string>();
  if (scope.defer === undefined || !models) return deferred;
  if (!state) {
    throw new TerminalError('--defer reads nodes where another environment has them', {
      code: 'state-unreadable',
      hint: 'name the folder of its manifest.json with --state',
    });
  }
  const catalog = await readCatalog(warehouse, warehouse.dialect);
  for (const node of models.nodes.values()) {
    if (!isModelNode(node) || selected.has(node.id)) continue;
    if (node.nodeConfig.materialization === 'ephemeral') continue;
    const stands = catalog.columnsOf(node.relation) !== undefined;
    const other = stands && scope.defer === 'missing' ? undefined : state.relationOf(node.id);
    if (!other) continue;
    const { database, schema, name } = other;
    const isElsewhere = database !== undefined && database !== warehouse.catalog;
    const path = isElsewhere ? [database, schema, name] : [schema, name];
    deferred.set(node.id, path.map(quoteIdentifier).join('.'));
  }
  return deferred;
}
