import { sql } from 'kysely';
import type { ModelNode } from '../declare/model-node.ts';
import { columnsOfHistory, requireTypes, shapeHistory } from '../steps/history-shape.ts';
import { columnsOfSnapshot } from '../steps/snapshot-shape.ts';
import type { BuildNode, HistoryConfig } from '../words/node.ts';
import type { Column } from '../words/table.ts';
import type { Session } from '../words/warehouse.ts';

/** Raw tables say when a version was seen and which records are gone: no config needs to. */
const recordedDefault = '_observed_at';
const deletedDefault = '_deleted';
/** How a version was landed; a difference in it alone is none in what the record says. */
const untrackedDefault: readonly string[] = ['_batch_id', '_hash'];

/** Fills in what depends on the select's columns. */
export function resolveHistory(history: HistoryConfig, log: readonly Column[]): HistoryConfig {
  const nameOf = (wanted: string) => log.find(({ name }) => name.toLowerCase() === wanted)?.name;
  const recordedAt = history.recordedAt ?? nameOf(recordedDefault);
  const deleted = history.deleted ?? nameOf(deletedDefault);
  const landed = log.map(({ name }) => name).filter((name) => untrackedDefault.includes(name));
  const isTold = history.tracked !== undefined || history.untracked !== undefined;
  return {
    ...history,
    ...(recordedAt ? { recordedAt } : {}),
    ...(deleted ? { deleted } : {}),
    ...(isTold || landed.length === 0 ? {} : { untracked: landed }),
  };
}

/** The columns of a history or a snapshot: those of its select and those it adds. */
export async function addedColumns(
  node: ModelNode,
  log: readonly Column[],
  history: HistoryConfig | undefined,
  session: Session,
): Promise<readonly Column[]> {
  if (history === undefined) {
    const { snapshot } = node.nodeConfig;
    return snapshot ? [...log, ...(await columnsOfSnapshot(snapshot, log, session))] : log;
  }
  const [flag] = await session.describeQuery(sql`select cast(null as boolean) as flag`);
  const build: BuildNode = {
    id: node.id,
    name: node.name,
    file: node.file,
    relation: node.relation,
    config: { ...node.nodeConfig, history },
    sql: '',
    isIncremental: false,
    checks: [],
    fingerprint: '',
  };
  const shape = shapeHistory(build, history, log);
  requireTypes(build, shape, log);
  return columnsOfHistory(shape, flag?.typeName ?? 'boolean');
}
