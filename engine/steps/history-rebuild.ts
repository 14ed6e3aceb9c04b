import { formatRelation } from '../words/table.ts';
import type { Warehouse } from '../words/warehouse.ts';
import type { MaterializeResult } from './build-context.ts';
import { deriveHistory, type HistoryBuild, markLog } from './history-build.ts';
import { digestsOf, selectDigests } from './history-changes.ts';
import { clearTheWay, nextOf, publishTable } from './publish.ts';
import {
  createSchema,
  createTable,
  createTableAs,
  type RelationKind,
  tableOf,
} from './relation-statements.ts';

/** Every key derived into a copy, which is audited and swapped in together with its digests. */
export async function rebuildHistory(
  warehouse: Warehouse,
  build: HistoryBuild,
  live: RelationKind | undefined,
  wasRewritten: boolean,
): Promise<MaterializeResult> {
  const { node, context } = build;
  const digests = build.changedBy === 'content' ? [digestsOf(node.relation)] : [];
  for (const relation of digests) await clearTheWay(warehouse, relation);
  return publishTable(warehouse, {
    node,
    context,
    live,
    companions: digests,
    async write(copy) {
      await warehouse.ddl([createSchema(copy.schema), createTable(copy, build.columns)]);
      const { mark, derived } = await warehouse.transaction(async (session) => {
        const { mark } = await markLog(session, build, undefined);
        return { mark, derived: await deriveHistory(session, build, tableOf(copy), 'all') };
      });
      for (const relation of digests) {
        const select = selectDigests(build.shape, build.logColumns, build.log, build.textType);
        await warehouse.ddl([createTableAs(nextOf(relation), select)]);
      }
      const warnings = wasRewritten ? [rewrittenWarning(build)] : [];
      return { watermark: JSON.stringify(mark), result: { ...derived, warnings } };
    },
  });
}

function rewrittenWarning({ node, shape }: HistoryBuild): string {
  return `${formatRelation(node.relation)}: its log gained or lost rows that ${shape.recordedAt.name} says are old, so all was derived again (set changed_by: content if it may change in any way)`;
}
