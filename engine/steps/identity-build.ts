import { type RawBuilder, sql } from 'kysely';
import { TerminalError } from '../words/errors.ts';
import type { IdentityConfig } from '../words/identity.ts';
import type { BuildNode } from '../words/node.ts';
import { type Column, formatRelation, type Relation } from '../words/table.ts';
import type { Dialect, Session } from '../words/warehouse.ts';
import type { BuildContext } from './build-context.ts';
import {
  beforeTable,
  clusterRecords,
  clustersTable,
  createBefore,
  createScope,
  scopeTable,
} from './identity-clusters.ts';
import { requireDecisions } from './identity-decisions.ts';
import {
  afterTable,
  bornTable,
  countCrowded,
  countTaken,
  createAfter,
  createBorn,
  createNamed,
  deleteBefore,
  insertAfter,
  insertEvents,
  insertIds,
  namedTable,
  passIdsOn,
  resolveIds,
} from './identity-ids.ts';
import {
  affectedTable,
  createAffected,
  createBlocks,
  createFound,
  createLost,
  createTouched,
  deleteLost,
  deleteOversize,
  insertDecisions,
  insertFoundMatches,
  insertOversize,
  lostTable,
  touchedTable,
} from './identity-matches.ts';
import { blocksTable, foundTable, insertPairs } from './identity-pairs.ts';
import {
  changedTable,
  createChanged,
  createFresh,
  createState,
  deleteChanged,
  freshTable,
  insertRecords,
  nowTable,
  requireChangedRecords,
  requireRecords,
  wasTable,
} from './identity-records.ts';
import { deleteReview, insertReview } from './identity-review.ts';
import type { IdentityColumns, IdentityTables } from './identity-shape.ts';
import { countRows, dropTables, tableOf } from './relation-statements.ts';

/** One build of one identity: what it reads, what it writes. */
export interface IdentityBuild {
  readonly node: BuildNode;
  readonly config: IdentityConfig;
  readonly context: BuildContext;
  readonly dialect: Dialect;
  /** The records, reduced to what is needed. */
  readonly select: RawBuilder<unknown>;
  readonly columns: IdentityColumns;
  readonly decisions?: {
    readonly relation: Relation;
    readonly columns: readonly Column[];
    readonly select: RawBuilder<unknown>;
  };
}

/**
 * `rows`: how many rows of the identity were written; `oversize`: blocks that matched nothing;
 * `crowded`: ids that were derived with more records than one thing has, and those of the largest.
 */
export interface Derived {
  readonly rows: number;
  readonly oversize: number;
  readonly crowded: { readonly ids: number; readonly records: number };
}

/** Beyond it a rule has most likely joined what has a value in common by chance. */
export const clusterRecordsUsual = 1_000;

type Scope = 'all' | 'changed';
type Execute = (statement: RawBuilder<unknown>) => Promise<number>;

/**
 * Brings the tables up to date with the records and decisions of now. `all` writes empty tables
 * (ids and events may hold what earlier builds knew), `changed` those of the last build. Both are
 * the same statements, `changed` narrowed to what changed records touch: that is why they agree.
 */
export async function deriveIdentity(
  session: Session,
  build: IdentityBuild,
  tables: IdentityTables,
  scope: Scope,
  earlier: Relation = tables.identity,
): Promise<Derived> {
  const execute: Execute = async (statement) => {
    build.context.signal.throwIfAborted();
    return session.execute(statement);
  };
  await execute(createFresh(build.select));
  await placeRecords(session, build, tables.records, scope);
  await matchRecords(session, build, tables, scope);
  await execute(createBefore(earlier, scope));
  await execute(createScope(tables.records, scope));
  const { node, dialect, context } = build;
  await clusterRecords(session, { node, dialect, signal: context.signal }, tables.matches, scope);
  const rows = await nameClusters(session, build, tables, scope);
  if (scope === 'changed') await execute(deleteReview(tables.review));
  await execute(insertReview(tables, build.config.canonicalId, scope));
  const crowded = await readCrowded(session, build.config.canonicalId);
  const changing = [changedTable, wasTable, nowTable, affectedTable, lostTable, touchedTable];
  await dropTables(session, [
    ...[freshTable, blocksTable, foundTable, beforeTable, scopeTable, clustersTable],
    ...[namedTable, bornTable, afterTable],
    ...(scope === 'changed' ? changing : []),
  ]);
  return { rows, oversize: await countRows(session, tableOf(tables.oversize)), crowded };
}

async function readCrowded(session: Session, canonicalId: string): Promise<Derived['crowded']> {
  const statement = countCrowded(canonicalId, clusterRecordsUsual);
  const [row] = await session.query<{ ids: unknown; records: unknown }>(statement);
  return { ids: Number(row?.ids ?? 0), records: Number(row?.records ?? 0) };
}

/** Brings the stored records up to date; leaves behind which of them changed. */
async function placeRecords(
  session: Session,
  { node, columns, context }: IdentityBuild,
  records: Relation,
  scope: Scope,
): Promise<void> {
  if (scope === 'all') {
    await requireRecords(session, node);
    await session.execute(insertRecords(records, columns.records, freshTable));
    return;
  }
  await session.execute(createChanged(records, columns.records));
  await requireChangedRecords(session, node, records);
  context.signal.throwIfAborted();
  await session.execute(createState(wasTable, tableOf(records)));
  await session.execute(createState(nowTable, freshTable));
  await session.execute(deleteChanged(records));
  await session.execute(insertRecords(records, columns.records, nowTable));
}

/** Matches as they are now; `touchedTable` is left behind where only some changed. */
async function matchRecords(
  session: Session,
  build: IdentityBuild,
  tables: IdentityTables,
  scope: Scope,
): Promise<void> {
  const { config, dialect, node, columns, context, decisions } = build;
  const { rules } = config;
  const execute: Execute = async (statement) => {
    context.signal.throwIfAborted();
    return session.execute(statement);
  };
  if (scope === 'changed') {
    await execute(createAffected(rules));
    await execute(deleteOversize(tables.oversize));
  }
  await execute(createBlocks(rules, tables.records, scope));
  await execute(insertOversize(rules, tables.oversize));
  await execute(createFound(columns.matches));
  const pairs = { rules, records: tables.records, dialect, scope };
  for (const [index, rule] of rules.entries()) await execute(insertPairs(rule, index, pairs));
  if (decisions) {
    await requireDecisions(session, node, decisions, dialect);
    await execute(insertDecisions(decisions.select, tables.records, dialect.typeName('double')));
  }
  if (scope === 'changed') {
    await execute(createLost(rules, tables.matches));
    await execute(createTouched());
    await execute(deleteLost(tables.matches));
  }
  await execute(insertFoundMatches(tables.matches, scope));
}

/** Gives every cluster in scope its id and writes what became of ids. */
async function nameClusters(
  session: Session,
  { config, context, columns, dialect, node }: IdentityBuild,
  tables: IdentityTables,
  scope: Scope,
): Promise<number> {
  const { ids, records, identity, events } = tables;
  const { canonicalId } = config;
  const execute: Execute = async (statement) => {
    context.signal.throwIfAborted();
    return session.execute(statement);
  };
  const boundary = new Date(context.boundaryMs).toISOString();
  const at = sql`cast(${sql.lit(boundary)} as ${sql.raw(dialect.typeName('timestamp'))})`;
  if (await hasGone(session, records, scope)) {
    await execute(passIdsOn(ids, records, canonicalId));
  }
  await execute(createNamed(ids, records));
  await execute(createBorn(config, ids, records, dialect));
  await refuseTaken(session, node, ids);
  await execute(insertIds(ids, at));
  await execute(createAfter(config, records));
  await execute(resolveIds(ids, canonicalId));
  await execute(insertEvents(events, canonicalId, at, context.runId));
  const names = columns.identity.map(({ name }) => name);
  const gone = scope === 'changed' ? await execute(deleteBefore(identity, names)) : 0;
  return Math.max(gone, await execute(insertAfter(identity, names, scope)));
}

/** Whether records of the last build are not there any more: their ids must go to others. */
async function hasGone(session: Session, records: Relation, scope: Scope): Promise<boolean> {
  const gone =
    scope === 'changed'
      ? sql`${changedTable} where is_gone`
      : sql`${beforeTable} where record not in (select record from ${tableOf(records)})`;
  return (await countRows(session, gone)) > 0;
}

async function refuseTaken(session: Session, node: BuildNode, ids: Relation): Promise<void> {
  const [row] = await session.query<{ rows: unknown }>(countTaken(ids));
  const taken = Number(row?.rows ?? 0);
  if (taken === 0) return;
  throw new TerminalError(
    `${formatRelation(node.relation)}: ${taken} new ids are taken by other records`,
    {
      code: 'identity-id-taken',
      hint: `Give new ids another id_prefix in ${node.file}: the digests of two records begin alike.`,
      model: node.id,
    },
  );
}
