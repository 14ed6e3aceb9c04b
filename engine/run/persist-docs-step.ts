import { asConfig } from '../declare/config.ts';
import { isModelNode, type ModelNode } from '../declare/model-node.ts';
import type { Work } from '../plan/work.ts';
import { persistDocs, type RelationDocs } from '../steps/persist-docs.ts';
import { TerminalError, TransientError } from '../words/errors.ts';
import type { StepResult } from '../words/step.ts';
import { formatRelation } from '../words/table.ts';

const standing: ReadonlySet<StepResult['status']> = new Set(['success', 'warn', 'reused']);

/**
 * `persist_docs` of the models that stand after a run, reused ones too: their descriptions may have
 * changed though nothing else has. Descriptions that cannot be written change nothing of the run.
 */
export async function persistRunDocs(work: Work, steps: readonly StepResult[]): Promise<void> {
  const { models, request } = work;
  const all: RelationDocs[] = [];
  for (const { id, kind, status } of steps) {
    if (kind === 'check' || !standing.has(status)) continue;
    const node = models?.nodes.get(id);
    const docs = isModelNode(node) ? docsOf(node) : undefined;
    if (docs) all.push(docs);
  }
  try {
    for (const { relation, columns } of await persistDocs(request.warehouse, all)) {
      const message = `${formatRelation(relation)} has no column ${columns.join(', ')}, which is described in YAML`;
      request.log.warn('docs.column_missing', { message });
    }
  } catch (error) {
    if (!(error instanceof TerminalError || error instanceof TransientError)) throw error;
    request.log.warn('docs.not_persisted', { code: error.code, message: error.message });
  }
}

function docsOf(node: ModelNode): RelationDocs | undefined {
  const { relation, columns } = asConfig(node.nodeConfig.raw['persist_docs']);
  if (relation !== true && columns !== true) return undefined;
  const described = columns === true ? node.columns : [];
  return {
    relation: node.relation,
    ...(relation === true ? { description: node.description } : {}),
    columns: Object.fromEntries(described.map(({ name, description }) => [name, description])),
  };
}
