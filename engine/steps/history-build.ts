import type { RawBuilder } from 'kysely';
import { assertThat, TerminalError } from '../words/errors.ts';
import type { BuildNode } from '../words/node.ts';
import { plural } from '../words/plural.ts';
import { type Column, formatRelation } from '../words/table.ts';
import type { Dialect, Session } from '../words/warehouse.ts';
import type { BuildContext } from './build-context.ts';
import { requireHistory } from './history-audit.ts';
import { createBeliefs, insertBeliefs } from './history-beliefs.ts';
import { type HistoryMark, measureLog } from './history-changes.ts';
import { hashContent, rankContent } from './history-intervals.ts';
import type { HistoryShape } from './history-shape.ts';
import {
  countCollisions,
  countTies,
  createLate,
  createLateVersions,
  createVersions,
  insertInOrder,
  measureLate,
  measureVersions,
} from './history-statements.ts';
import { dropTables } from './relation-statements.ts';

/** One build of one history: what it reads, what it writes. */
export interface HistoryBuild {
  readonly node: BuildNode;
  readonly context: BuildContext;
  readonly shape: HistoryShape;
  readonly log: RawBuilder<unknown>;
  /** Of the history table, in order. */
  readonly columns: readonly Column[];
  readonly changedBy: HistoryMark['changedBy'];
  readonly dialect: Dialect;
}

/** What was read. */
export interface VersionsRead {
  readonly mark: HistoryMark;
  /** Some version says what the one before said. */
  readonly hasRuns: boolean;
  readonly hasLate: boolean;
  /** Two versions of a late key are of one instant. */
  readonly hasShared: boolean;
}

/** What was derived. `ties`: instants of one key whose versions the source does not order. */
export interface Derived {
  readonly rows: number;
  readonly ties: number;
}

/**
 * Leaves the versions of the keys in scope in temporary tables, those of keys with versions out of
 * order once more apart, and answers the mark of what was read. Neighbours are told apart by a
 * hash; should it ever take two different versions of a key for equal, all are ranked instead.
 */
export async function readVersions(
  session: Session,
  build: HistoryBuild,
  scope: 'all' | 'changed',
): Promise<VersionsRead> {
  const { shape, context, dialect, changedBy } = build;
  const create = async (content: RawBuilder<unknown>) => {
    context.signal.throwIfAborted();
    await session.execute(createVersions(shape, build.log, scope, content));
  };
  await create(hashContent(shape, dialect));
  const statement = measureVersions(shape, dialect.typeName('string'));
  const [extent] = await session.query<VersionsExtent>(statement);
  assertThat(extent, 'an aggregate answers one row');
  refuseUnplaced(build, Number(extent.unplaced));
  const hasRuns = Number(extent.repeated) > 0;
  await session.execute(createLate(shape));
  const [late] = await session.query<LateExtent>(measureLate(shape));
  const hasShared = Number(late?.shared) > 0;
  await session.execute(createLateVersions(shape, hasShared));
  if ((await countOf(session, countCollisions(shape, hasRuns))) > 0) {
    await dropTables(session, [shape.tables.versions, shape.tables.lateVersions]);
    await create(rankContent(shape));
    await session.execute(createLateVersions(shape, hasShared));
  }
  const mark = { changedBy, recorded: extent.recorded, rows: Number(extent.rows) };
  return { mark, hasRuns, hasLate: Number(late?.rows) > 0, hasShared };
}

interface VersionsExtent {
  readonly rows: unknown;
  readonly unplaced: unknown;
  readonly repeated: unknown;
  readonly recorded: string | null;
}

interface LateExtent {
  readonly rows: unknown;
  readonly shared: unknown;
}

/**
 * Writes the rows of the versions that were read into the target, an empty table, and makes sure of
 * them. The same statements derive one changed key and a whole log: that is why the two agree.
 */
export async function deriveHistory(
  session: Session,
  build: HistoryBuild,
  target: RawBuilder<unknown>,
  { hasRuns, hasLate, hasShared }: VersionsRead,
): Promise<Derived> {
  const { shape, context } = build;
  const names = build.columns.map((column) => column.name);
  const execute = async (statement: RawBuilder<unknown>) => {
    context.signal.throwIfAborted();
    return session.execute(statement);
  };
  let rows = await execute(insertInOrder(shape, target, names, hasRuns));
  let ties = 0;
  if (hasLate) {
    if (hasShared) ties = await countOf(session, countTies(shape));
    refuseTies(build, ties);
    await execute(createBeliefs(shape, hasShared));
    rows += await execute(insertBeliefs(shape, target, names));
    await dropTables(session, [shape.tables.beliefs]);
  }
  const { versions, late, lateVersions } = shape.tables;
  await dropTables(session, [versions, late, lateVersions]);
  await requireHistory(session, build.node, shape, target, build.dialect);
  return { rows, ties };
}

/** The log's extent now, and how many of its rows the earlier mark covers. */
export async function markLog(
  session: Session,
  build: HistoryBuild,
  before: HistoryMark | undefined,
): Promise<{ mark: HistoryMark; standing: number }> {
  const statement = measureLog(build.shape, build.log, before, build.dialect.typeName('string'));
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
    `${formatRelation(build.node.relation)}: ${plural(rows, 'row')} of its log without a value in one of ${names}`,
    {
      code: 'history-unplaced',
      hint: `Leave them out in ${build.node.file}, or give them a value, for example with coalesce(${validAt.name}, ${recordedAt.name}).`,
      model: build.node.id,
    },
  );
}

/** Under `duplicate_keys: error` the source must say which of two versions came last. */
function refuseTies({ node, shape }: HistoryBuild, ties: number): void {
  if (ties === 0 || node.config.duplicateKeys !== 'error') return;
  const place = [
    ...shape.keys,
    shape.validAt.name,
    ...(shape.sequence ? [shape.sequence.name] : []),
  ];
  throw new TerminalError(
    `${formatRelation(node.relation)}: ${plural(ties, 'place')} (${place.join(', ')}) at which two versions differ`,
    {
      code: 'duplicate-keys',
      hint: `Set sequence to a column that orders them, or duplicate_keys: last (${node.file}).`,
      model: node.id,
    },
  );
}
