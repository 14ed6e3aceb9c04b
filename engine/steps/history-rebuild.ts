import { sql } from 'kysely';
import { formatRelation } from '../words/table.ts';
import type { Session, Warehouse } from '../words/warehouse.ts';
import type { MaterializeResult } from './build-context.ts';
import { type Derived, deriveHistory, type HistoryBuild, readVersions } from './history-build.ts';
import {
  columnsOfDigests,
  digestsOf,
  type HistoryMark,
  insertAllDigests,
} from './history-changes.ts';
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
      const { mark, derived } = await deriveAll(warehouse, build);
      const warnings = wasRewritten ? [rewrittenWarning(build)] : [];
      return { watermark: JSON.stringify(mark), result: { ...derived, warnings } };
    },
  });
}

/** Fills the copies of the history and of its digests. */
async function deriveAll(
  warehouse: Warehouse,
  build: HistoryBuild,
): Promise<{ mark: HistoryMark; derived: Derived }> {
  const { node, shape, dialect } = build;
  const session = sessionOfSteps(warehouse);
  await dropScratch(warehouse, build);
  try {
    const read = await readVersions(session, build, 'all');
    if (build.changedBy === 'content') {
      const kept = nextOf(digestsOf(node.relation));
      await session.execute(insertAllDigests(shape, kept, shape.tables.versions, dialect));
    }
    const derived = await deriveHistory(session, build, tableOf(nextOf(node.relation)), read);
    return { mark: read.mark, derived };
  } catch (error) {
    await dropScratch(warehouse, build).catch(() => {
      build.context.log.warn('leftover_kept', { ...node.relation });
    });
    throw error;
  }
}

/**
 * Each statement its own transaction. DuckDB scans what the same transaction wrote with one
 * processor, and what was committed with all; nobody reads the copy before it is swapped in, so
 * nothing hangs on its statements being one.
 */
function sessionOfSteps(warehouse: Warehouse): Session {
  return {
    query: (statement, rowsMax) =>
      warehouse.transaction((session) => session.query(statement, rowsMax)),
    execute: (statement) => warehouse.transaction((session) => session.execute(statement)),
    describe: (relation) => warehouse.transaction((session) => session.describe(relation)),
    describeQuery: (statement) =>
      warehouse.transaction((session) => session.describeQuery(statement)),
  };
}

/** Temporary tables outlast the steps: those of a build that failed are in the way of the next. */
async function dropScratch(warehouse: Warehouse, { shape }: HistoryBuild): Promise<void> {
  await warehouse.transaction(async (session) => {
    for (const table of Object.values(shape.tables)) {
      await session.execute(sql`drop table if exists ${table}`);
    }
  });
}

function rewrittenWarning({ node, shape }: HistoryBuild): string {
  return `${formatRelation(node.relation)}: its log gained or lost rows that ${shape.recordedAt.name} says are old, so all was derived again (set changed_by: content if it may change in any way)`;
}
