import { companionSuffixes } from '../words/identity.ts';
import { formatRelation, type Relation } from '../words/table.ts';
import type { FaultList } from './model-fault.ts';
import type { ModelNode } from './model-node.ts';

/** Schemas that hold what the engine remembers. */
const ownSchemas: ReadonlySet<string> = new Set(['tidemill', 'tidemill_sync']);

/** Every name that a node is built under: an identity has tables beside its own. */
export function relationsOf({ relation, nodeConfig }: ModelNode): Relation[] {
  const { schema, name } = relation;
  switch (nodeConfig.materialization) {
    case 'ephemeral':
      return [];
    case 'identity':
      return [relation, ...companionSuffixes.map((end) => ({ schema, name: `${name}_${end}` }))];
    default:
      return [relation];
  }
}

/** Names are the same without case. */
export function relationKey(relation: Relation): string {
  return formatRelation(relation).toLowerCase();
}

/** A name that a node is built under, and the node's id. */
export type BuiltName = readonly [key: string, id: string];

export function builtNames(models: readonly ModelNode[]): BuiltName[] {
  return models.flatMap((node) =>
    relationsOf(node).map((relation) => [relationKey(relation), node.id] as const),
  );
}

/** Two nodes that are built under one name, and those in a schema of the engine's own. */
export function reportSharedRelations(models: readonly ModelNode[], faults: FaultList): void {
  const taken = new Map<string, ModelNode>();
  for (const node of models) {
    const place = { file: node.file, line: 1, column: 1 };
    if (ownSchemas.has(node.relation.schema.toLowerCase())) {
      faults.error(place, `the schema ${node.relation.schema} is the engine's own`, {
        nodeId: node.id,
        hint: 'give the node another schema',
      });
    }
    for (const key of relationsOf(node).map(relationKey)) {
      const first = taken.get(key);
      if (first === undefined) {
        taken.set(key, node);
        continue;
      }
      // A name that is taken twice is told elsewhere; versions of a model have one name.
      const isNamesake = first.name === node.name && first.packageName === node.packageName;
      if (isNamesake && first.version === node.version) continue;
      const hint = 'give one of them another alias or schema';
      faults.error(place, `${key} is already built by ${first.file}`, { nodeId: node.id, hint });
    }
  }
}
