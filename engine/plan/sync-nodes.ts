import { relative } from 'node:path';
import type { GraphNode } from '../declare/graph.ts';
import { isModelNode, type ModelNode } from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { formatIssue } from '../declare/project/load-project.ts';
import type { Project, SyncDeclaration } from '../declare/project/project.ts';
import { streamIdOf } from '../declare/source-index.ts';
import type { PlanFault } from '../words/step.ts';
import { didYouMean } from '../words/suggest.ts';
import type { SyncSpec } from '../words/sync.ts';
import type { Connectors } from './connectors.ts';

/** A declared sync with its place in the graph. */
export interface SyncNode {
  readonly id: string;
  readonly declaration: SyncDeclaration;
  /** Absent where the sync's model is not there: see `fault`. */
  readonly spec?: SyncSpec;
  readonly fault?: PlanFault;
  readonly graphNode: GraphNode;
}

const syncIdOf = (name: string): string => `sync.${name}`;

function findModel(models: ModelProject | undefined, from: string): ModelNode | undefined {
  const wanted = from.toLowerCase();
  for (const node of models?.nodes.values() ?? []) {
    if (!isModelNode(node)) continue;
    const { schema, name } = node.relation;
    if (node.name.toLowerCase() === wanted) return node;
    if (`${schema}.${name}`.toLowerCase() === wanted) return node;
  }
  return undefined;
}

function nameEveryModel(models: ModelProject | undefined): string[] {
  return [...(models?.nodes.values() ?? [])]
    .filter(isModelNode)
    .map(({ relation }) => `${relation.schema}.${relation.name}`);
}

/** Syncs in an order in which what others are associated with comes first. */
function orderSyncs(syncs: readonly SyncDeclaration[]): readonly SyncDeclaration[] {
  const ordered: SyncDeclaration[] = [];
  const visit = (sync: SyncDeclaration, path: readonly SyncDeclaration[]): void => {
    if (ordered.includes(sync) || path.includes(sync)) return;
    const parents = syncs.filter(
      (other) =>
        other.connection === sync.connection &&
        sync.associate.some(({ object }) => object === other.object),
    );
    for (const parent of parents) visit(parent, [...path, sync]);
    ordered.push(sync);
  };
  for (const sync of syncs) visit(sync, []);
  return ordered;
}

/** Joins the declared syncs with the models they read and the streams they are compared with. */
export function findSyncNodes(
  project: Project,
  models: ModelProject | undefined,
  connectors: Pick<Connectors, 'streamOf'>,
): SyncNode[] {
  return orderSyncs(project.syncs).map((declaration) => {
    const { name, from, connection, object } = declaration;
    const id = syncIdOf(name);
    const model = findModel(models, from);
    const streamId = streamIdOf(connection, connectors.streamOf(connection, object));
    const graphNode: GraphNode = {
      id,
      resourceType: 'sync',
      name,
      packageName: project.name,
      fqn: [project.name, 'syncs', name],
      file: relative(project.folder, declaration.position.file),
      tags: [],
      config: {},
      dependsOn: [...(model ? [model.id] : []), streamId],
    };
    if (model)
      return { id, declaration, graphNode, spec: { ...declaration, from: model.relation } };
    const message = formatIssue({
      ...declaration.position,
      message: `sync ${name} reads the model "${from}", which is not there${didYouMean(from, nameEveryModel(models))}`,
      hint: 'write schema.name of a model, or its name',
    });
    return { id, declaration, graphNode, fault: { id, code: 'sync-model-missing', message } };
  });
}
