import { sql } from 'kysely';
import { isModelNode, type ModelNode } from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { relationKey } from '../declare/shared-relations.ts';
import { columnsOfIdentity } from '../steps/identity-shape.ts';
import { companionSuffixes } from '../words/identity.ts';
import { once } from '../words/once.ts';
import type { ColumnType } from '../words/stream.ts';
import type { Column, Relation } from '../words/table.ts';
import type { Shadow } from '../words/warehouse.ts';

/** A table that an identity makes beside its own. */
export interface Companion {
  readonly identity: ModelNode;
  readonly part: (typeof companionSuffixes)[number];
}

/** Finds the identity that makes a table, by the table's name. */
export function companionsOf(project: ModelProject): (relation: Relation) => Companion | undefined {
  const found = once(() => {
    const companions = new Map<string, Companion>();
    for (const identity of project.nodes.values()) {
      if (!isModelNode(identity) || !identity.nodeConfig.identity) continue;
      const { schema, name } = identity.relation;
      for (const part of companionSuffixes) {
        companions.set(relationKey({ schema, name: `${name}_${part}` }), { identity, part });
      }
    }
    return companions;
  });
  return (relation) => found().get(relationKey(relation));
}

/** What it will hold, before the first build as after it. */
export async function companionColumns(
  { identity, part }: Companion,
  shadow: Shadow,
): Promise<readonly Column[]> {
  const config = identity.nodeConfig.identity;
  if (!config) return [];
  const described = await shadow.describeQuery(sql`
    select
      cast(null as varchar) as string,
      cast(null as boolean) as boolean,
      cast(null as bigint) as integer,
      cast(null as double precision) as double,
      cast(null as timestamp) as timestamp`);
  const names = new Map(described.map(({ name, typeName }) => [name, typeName]));
  const typeName = (type: ColumnType): string => names.get(type) ?? '';
  return columnsOfIdentity(config, { typeName }, [])[part];
}
