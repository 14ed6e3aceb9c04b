import { sql } from 'kysely';
import { type NodeState, saveNodeState } from '../state/nodes.ts';
import type { Session, Warehouse } from '../words/warehouse.ts';
import { auditOrRollBack, Withheld } from './audit.ts';
import type { MaterializeResult } from './build-context.ts';
import {
  countOf,
  type Derived,
  deriveHistory,
  type HistoryBuild,
  markLog,
  readVersions,
  refuseUnplaced,
} from './history-build.ts';
import {
  createContentKeys,
  createDigests,
  createRecordedKeys,
  digestsOf,
  type HistoryMark,
  insertDigests,
  readMark,
} from './history-changes.ts';
import { deleteByKey, insertBatch } from './merge-statements.ts';
import { stateOf, withhold } from './publish.ts';
import { columnTypes, dropTables } from './relation-statements.ts';

/**
 * Deletes the changed keys and derives them again, in one transaction with the checks and the new
 * mark. Undefined: rows were added or taken away below the mark, so that every key may have
 * changed.
 */
export async function updateHistory(
  warehouse: Warehouse,
  build: HistoryBuild,
  base: NodeState,
): Promise<MaterializeResult | undefined> {
  const { node, context } = build;
  try {
    return await warehouse.transaction(async (session) => {
      const mark = await findChanges(session, build, readMark(base.watermark));
      if (!mark) return undefined;
      const isChanged = await hasKeys(session, build);
      const derived = isChanged ? await replaceKeys(session, build) : { rows: 0, ties: 0 };
      await dropTables(session, [build.shape.tables.keys]);
      const failures = await auditOrRollBack(session, node, node.relation);
      context.signal.throwIfAborted();
      const state = stateOf(node, context, JSON.stringify(mark));
      const dataVersion = isChanged ? state.dataVersion : base.dataVersion;
      await saveNodeState(session, { ...state, dataVersion });
      const action = isChanged ? 'merged' : 'unchanged';
      return { action, ...derived, dataVersion, failures, warnings: [] };
    });
  } catch (error) {
    if (error instanceof Withheld) return withhold(warehouse, node, error.failures, error.kept);
    throw error;
  }
}

async function hasKeys(session: Session, build: HistoryBuild): Promise<boolean> {
  const anyNull = sql.join(
    build.shape.keys.map((key) => sql`${sql.id(key)} is null`),
    sql` or `,
  );
  const unplaced = sql`select count(*) as rows from ${build.shape.tables.keys} where ${anyNull}`;
  refuseUnplaced(build, await countOf(session, unplaced));
  return (await countOf(session, sql`select count(*) as rows from ${build.shape.tables.keys}`)) > 0;
}

/** Derived to the side, so that the checks of the new rows need not look through the old ones. */
async function replaceKeys(session: Session, build: HistoryBuild): Promise<Derived> {
  const { node, columns, shape } = build;
  const names = columns.map((column) => column.name);
  await session.execute(sql`create temporary table ${shape.tables.rows} ${columnTypes(columns)}`);
  const read = await readVersions(session, build, 'changed');
  const derived = await deriveHistory(session, build, shape.tables.rows, read);
  await session.execute(deleteByKey(node.relation, shape.tables.keys, shape.keys));
  await session.execute(insertBatch(node.relation, shape.tables.rows, names));
  await dropTables(session, [shape.tables.rows]);
  return derived;
}

/** Leaves the changed keys in their table and answers the log's new mark. */
async function findChanges(
  session: Session,
  build: HistoryBuild,
  before: HistoryMark | undefined,
): Promise<HistoryMark | undefined> {
  const { shape, log } = build;
  build.context.signal.throwIfAborted();
  if (build.changedBy === 'recorded') {
    const { mark, standing } = await markLog(session, build, before);
    if (!before || standing !== before.rows) return undefined;
    await session.execute(createRecordedKeys(shape, log, before.recorded));
    return mark;
  }
  const kept = digestsOf(build.node.relation);
  await session.execute(createDigests(shape, log, build.dialect));
  await session.execute(createContentKeys(shape, kept));
  await session.execute(deleteByKey(kept, shape.tables.keys, shape.keys));
  await session.execute(insertDigests(shape, kept));
  await dropTables(session, [shape.tables.digests]);
  return { changedBy: 'content', recorded: null, rows: 0 };
}
