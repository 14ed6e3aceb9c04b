import { formatRelation } from '../words/table.ts';
import type { Warehouse } from '../words/warehouse.ts';
import type { MaterializeResult } from './build-context.ts';
import { deriveHistory, type HistoryBuild, readVersions } from './history-build.ts';
import { columnsOfDigests, digestsOf, insertAllDigests } from './history-changes.ts';
import { versionsTable } from './history-statements.ts';
import { clearTheWay, nextOf, publishTable } from './publish.ts';
import { createSchema, createTable, type RelationKind, tableOf } from './relation-statements.ts';

/** Every key derived into a copy, which is audited and swapped in together with its digests. */
export async function rebuildHistory(
  warehouse: Warehouse,
  build: HistoryBuild,
  live: RelationKind | undefined,
  wasRewritten: boolean,
): Promise<MaterializeResult> {
  const { node, context, shape, dialect } = build;
  const digestColumns = columnsOfDigests(shape, dialect.typeName('string'));
  const digests = build.changedBy === 'content' ? [digestsOf(node.relation)] : [];
  for (const relation of digests) await clearTheWay(warehouse, relation);
  return publishTable(warehouse, {
    node,
    context,
    live,
    companions: digests,
    async write(copy) {
      await warehouse.ddl([
        createSchema(copy.schema),
        createTable(copy, build.columns),
        ...digests.map((relation) => createTable(nextOf(relation), digestColumns)),
      ]);
      const { mark, derived } = await warehouse.transaction(async (session) => {
        const mark = await readVersions(session, build, 'all');
        for (const relation of digests) {
          const kept = nextOf(relation);
          await session.execute(insertAllDigests(shape, kept, versionsTable, dialect));
        }
        return { mark, derived: await deriveHistory(session, build, tableOf(copy)) };
      });
      const warnings = wasRewritten ? [rewrittenWarning(build)] : [];
      return { watermark: JSON.stringify(mark), result: { ...derived, warnings } };
    },
  });
}

function rewrittenWarning({ node, shape }: HistoryBuild): string {
  return `${formatRelation(node.relation)}: its log gained or lost rows that ${shape.recordedAt.name} says are old, so all was derived again (set changed_by: content if it may change in any way)`;
}
