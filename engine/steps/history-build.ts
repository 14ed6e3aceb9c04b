import type { RawBuilder } from 'kysely';
import { assertThat, TerminalError } from '../words/errors.ts';
import type { BuildNode } from '../words/node.ts';
import { type Column, formatRelation } from '../words/table.ts';
import type { Session } from '../words/warehouse.ts';
import type { BuildContext } from './build-context.ts';
import { countBroken, requireHistory } from './history-audit.ts';
import { type HistoryMark, measureLog } from './history-changes.ts';
import type { HistoryShape } from './history-shape.ts';
import {
  beliefsTable,
  countTies,
  countUnplaced,
  createBeliefs,
  createLate,
  createVersions,
  insertBeliefs,
  insertInOrder,
  lateTable,
  versionsTable,
} from './history-statements.ts';
import { countRows, dropTables } from './relation-statements.ts';

/** One build of one history: what it reads, what it writes. */
export interface HistoryBuild {
  readonly node: BuildNode;
  readonly context: BuildContext;
  readonly shape: HistoryShape;
  readonly log: RawBuilder<unknown>;
  readonly logColumns: readonly Column[];
  /** Of the history table, in order. */
  readonly columns: readonly Column[];
  readonly changedBy: HistoryMark['changedBy'];
  /** The warehouse's type for text. */
  readonly textType: string;
}

/** What was derived. `ties`: instants of one key whose versions the source does not order. */
export interface Derived {
  readonly rows: number;
  readonly ties: number;
}

/**
 * Writes the rows of the keys in scope into the target, an empty table, and makes sure of them. The
 * same statements derive one changed key and a whole log: that is why the two agree.
 */
export async function deriveHistory(
  session: Session,
  build: HistoryBuild,
  target: RawBuilder<unknown>,
  scope: 'all' | 'changed',
): Promise<Derived> {
  const { shape, context } = build;
  const names = build.columns.map((column) => column.name);
  const execute = async (statement: RawBuilder<unknown>) => {
    context.signal.throwIfAborted();
    return session.execute(statement);
  };
  await execute(createVersions(shape, build.log, scope));
  refuseUnplaced(build, await countOf(session, countUnplaced(shape)));
  await execute(createLate(shape));
  let rows = await execute(insertInOrder(shape, target, names));
  let ties = 0;
  if ((await countRows(session, lateTable)) > 0) {
    ties = await countOf(session, countTies(shape));
    await execute(createBeliefs(shape));
    rows += await execute(insertBeliefs(shape, target, names));
    await dropTables(session, [beliefsTable]);
  }
  await dropTables(session, [versionsTable, lateTable]);
  await requireHistory(session, build.node, countBroken(shape, target));
  return { rows, ties };
}

/** The log's extent now, and how many of its rows the earlier mark covers. */
export async function markLog(
  session: Session,
  build: HistoryBuild,
  before: HistoryMark | undefined,
): Promise<{ mark: HistoryMark; standing: number }> {
  const statement = measureLog(build.shape, build.log, before, build.textType);
  const [extent] = await session.query<Extent>(statement);
  assertThat(extent, 'an aggregate answers one row');
  const rows = Number(extent.rows);
  refuseUnplaced(build, rows - Number(extent.placed));
  const mark: HistoryMark = { changedBy: build.changedBy, recorded: extent.recorded, rows };
  return { mark, standing: Number(extent.standing) };
}

interface Extent {
  readonly rows: unknown;
  readonly placed: unknown;
  readonly recorded: string | null;
  readonly standing: unknown;
}

export async function countOf(session: Session, statement: RawBuilder<unknown>): Promise<number> {
  const [row] = await session.query<{ rows: unknown }>(statement);
  return Number(row?.rows ?? 0);
}

/** A version without a key or a time has no place in a history, and silence would lose it. */
export function refuseUnplaced(build: HistoryBuild, rows: number): void {
  if (rows === 0) return;
  const { keys, validAt, recordedAt } = build.shape;
  const names = [...keys, validAt.name, recordedAt.name].join(', ');
  throw new TerminalError(
    `${formatRelation(build.node.relation)}: ${rows} rows of its log have no value in one of ${names}`,
    {
      code: 'history-unplaced',
      hint: `Leave them out in ${build.node.file}, or give them a value, for example with coalesce(${validAt.name}, ${recordedAt.name}).`,
      model: build.node.id,
    },
  );
}
