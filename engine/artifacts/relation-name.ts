import { isModelNode, isSourceNode, type ProjectNode } from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { quoteIdentifier } from '../words/sql-name.ts';
import type { Relation } from '../words/table.ts';

/** `"database"."schema"."name"`, as dbt writes it; null where the node has no relation. */
export function relationNameOf(
  project: ModelProject,
  node: ProjectNode | undefined,
): string | null {
  if (!isModelNode(node) && !isSourceNode(node)) return null;
  if (isModelNode(node) && node.nodeConfig.materialization === 'ephemeral') return null;
  if (isSourceNode(node) && node.external !== undefined) return node.external;
  return writeRelationName(project, node.relation);
}

export function writeRelationName({ target }: ModelProject, { schema, name }: Relation): string {
  return [target.database, schema, name].map(quoteIdentifier).join('.');
}
