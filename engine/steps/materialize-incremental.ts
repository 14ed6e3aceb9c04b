import { type RawBuilder, sql } from 'kysely';
import { readNodeState, saveNodeState } from '../state/nodes.ts';
import { assertThat, TerminalError } from '../words/errors.ts';
import type { BuildNode, IncrementalStrategy } from '../words/node.ts';
import type { Column, Relation } from '../words/table.ts';
import { formatRelation } from '../words/table.ts';
import type { Session, Warehouse } from '../words/warehouse.ts';
import { auditOrRollBack, Withheld } from './audit.ts';
import { lastOfKeys, requireKeys } from './batch-keys.ts';
import { type Span, selectBatch } from './batch-spans.ts';
import type { BuildContext, MaterializeResult } from './build-context.ts';
import { requireStandingRows } from './lost-rows.ts';
import { mergeByClauses } from './merge-clauses.ts';
import {
  deleteByKey,
  deleteSpans,
  insertBatch,
  insertRows,
  mergeBatch,
} from './merge-statements.ts';
import { clearTheWay, publishTable, stateOf, withhold } from './publish.ts';
import {
  columnList,
  countRows,
  createSchema,
  createTableAs,
  keysEqual,
  type RelationKind,
  selectOf,
  tableOf,
} from './relation-statements.ts';
import {
  fittedColumns,
  planSchemaChange,
  reshapeSelect,
  type SchemaChange,
  shapedColumns,
} from './schema-change.ts';

/** The batch of one transaction: temporary, so a kill leaves nothing of it. */
const batchName = 'tidemill_batch';
const batchTable = sql.id(batchName);

/**
 * Adds what is new to a standing table. The batch is written to the side, its keys are checked, and
 * the table is audited as it would be afterwards, all in one transaction: a failing check or a kill
 * leaves the table as it was. Without a standing table it is built whole.
 */
export async function materializeIncremental(
  warehouse: Warehouse,
  node: BuildNode,
  context: BuildContext,
): Promise<MaterializeResult> {
  const live = await clearTheWay(warehouse, node.relation);
  const select = selectOf(node.sql);
  const columns = await warehouse.describeQuery(select);
  const batch = lastOfKeys(node, select, columns);
  if (live !== 'table' || context.fullRefresh || !node.isIncremental) {
    return buildWhole(warehouse, { node, context, batch, columns }, live);
  }
  const standing = await warehouse.describe(node.relation);
  assertThat(standing, `${formatRelation(node.relation)} stands`);
  const change = planSchemaChange(node, standing, columns);
  const merge: Merge = { node, context, batch, columns, change };
  return change.reshaped ? mergeIntoCopy(warehouse, merge) : mergeInPlace(warehouse, merge);
}

interface Rows {
  readonly node: BuildNode;
  readonly context: BuildContext;
  /** The select; of several batches that are selected one by one, the first. */
  readonly batch: RawBuilder<unknown>;
  readonly columns: readonly Column[];
}

/**
 * The batches after the first, where each has a select of its own; those before stand in `target`.
 */
async function* laterBatches(
  { node, context, columns }: Rows,
  target: Relation,
  session: Session,
): AsyncGenerator<LaterBatch> {
  const { batches, signal } = context;
  if (!batches?.selectOf) return;
  for (const span of batches.spans.slice(1)) {
    signal.throwIfAborted();
    const select = selectOf(await selectBatch(batches, span, target, session));
    yield { span, select: lastOfKeys(node, select, columns) };
  }
}

interface LaterBatch {
  readonly span: Span;
  readonly select: RawBuilder<unknown>;
}

function buildWhole(
  warehouse: Warehouse,
  rows: Rows,
  live: RelationKind | undefined,
): Promise<MaterializeResult> {
  const { node, context, batch } = rows;
  const keys = node.config.uniqueKey ?? [];
  return publishTable(warehouse, {
    node,
    context,
    live,
    async write(copy) {
      await warehouse.ddl([createSchema(copy.schema), createTableAs(copy, batch)]);
      const insertLater = async (session: Session): Promise<void> => {
        for await (const { select } of laterBatches(rows, copy, session)) {
          await session.execute(insertRows(tableOf(copy), select, namesOf(rows.columns)));
        }
      };
      // What a chained batch asks the warehouse has to be answered with those before it.
      if (context.batches?.isChained) await insertLater(warehouse);
      else if (context.batches?.selectOf) await warehouse.transaction(insertLater);
      if (keys.length > 0) await requireKeys(warehouse, node, tableOf(copy), keys);
      if (context.keepsRows && live === 'table') await requireStandingRows(warehouse, node, copy);
      return {};
    },
  });
}

interface Merge extends Rows {
  readonly change: SchemaChange;
}

async function mergeInPlace(warehouse: Warehouse, merge: Merge): Promise<MaterializeResult> {
  const { node, context, change } = merge;
  try {
    return await warehouse.transaction(async (session) => {
      const { rows, isChanged } = await applyBatch(session, node.relation, merge);
      const failures = await auditOrRollBack(session, node, node.relation);
      context.signal.throwIfAborted();
      const before = await readNodeState(session, node);
      const state = stateOf(node, context);
      // Dependants must not think that something changed where nothing did.
      const dataVersion = !isChanged && before ? before.dataVersion : state.dataVersion;
      await saveNodeState(session, { ...state, dataVersion });
      const action = isChanged ? actionOf(node) : 'unchanged';
      return { action, rows, dataVersion, failures, warnings: change.warnings };
    });
  } catch (error) {
    if (error instanceof Withheld) return withhold(warehouse, node, error.failures, error.kept);
    throw error;
  }
}

/** Columns change: the merge happens in a copy of the new shape, so that a failure changes none. */
async function mergeIntoCopy(warehouse: Warehouse, merge: Merge): Promise<MaterializeResult> {
  const { node, context, change } = merge;
  return publishTable(warehouse, {
    node,
    context,
    live: 'table',
    async write(copy) {
      await warehouse.ddl([createTableAs(copy, reshapeSelect(node.relation, change))]);
      await requireKeptKeys(warehouse, merge);
      const apply = (session: Session) => applyBatch(session, copy, merge);
      const { rows } = await warehouse.transaction(apply);
      return { result: { action: actionOf(node), rows, warnings: change.warnings } };
    },
  });
}

/** A narrower type may make one key of two that stand, or none: no batch would tell of it. */
async function requireKeptKeys(warehouse: Warehouse, { node, change }: Merge): Promise<void> {
  const keys = node.config.uniqueKey ?? [];
  const lower = new Set(keys.map((key) => key.toLowerCase()));
  const isKey = ({ name }: { readonly name: string }) => lower.has(name.toLowerCase());
  const kept = change.columns.filter(isKey);
  const retyped = kept.filter(({ oldTypeName }) => oldTypeName !== undefined);
  if (retyped.length === 0) return;
  const changes = retyped.map((one) => `${one.name} from ${one.oldTypeName} to ${one.typeName}`);
  // Of keys that are on several rows already, by predicates, the type is not to blame.
  const standing = sql`(
    select distinct ${columnList(kept.map(({ name }) => name))}
    from ${tableOf(node.relation)}
  )`;
  const retypedKeys = sql`(
    select ${shapedColumns(kept)}
    from ${standing} as standing
  ) as retyped`;
  await requireKeys(warehouse, node, retypedKeys, keys, {
    hint: `on_schema_change took ${changes.join(' and ')}: cast it back in ${node.file}, or build with --full-refresh.`,
  });
}

interface Applied {
  /** How many rows the batch had. */
  readonly rows: number;
  /** A microbatch without rows may still have taken some away. */
  readonly isChanged: boolean;
}

/** Writes the batch into the target. */
async function applyBatch(session: Session, target: Relation, merge: Merge): Promise<Applied> {
  const { batches } = merge.context;
  if (!batches?.isChained) {
    return applyRows(session, target, merge, laterBatches(merge, target, session));
  }
  const only = (span: Span | undefined): Merge => {
    const spans = span ? [span] : [];
    return { ...merge, context: { ...merge.context, batches: { ...batches, spans } } };
  };
  let { rows, isChanged } = await applyRows(session, target, only(batches.spans[0]));
  for await (const { span, select } of laterBatches(merge, target, session)) {
    const applied = await applyRows(session, target, { ...only(span), batch: select });
    rows += applied.rows;
    isChanged ||= applied.isChanged;
  }
  return { rows, isChanged };
}

async function applyRows(
  session: Session,
  target: Relation,
  merge: Merge,
  later?: AsyncIterable<LaterBatch>,
): Promise<Applied> {
  const { node, context, batch, columns, change } = merge;
  await session.execute(sql`
    create temporary table ${batchTable} as
    select ${fittedColumns(change, columns)}
    from (
      ${batch}
    ) as batch`);
  for await (const { select } of later ?? []) {
    await session.execute(insertRows(batchTable, select, change.insertColumns));
  }
  const rows = await countRows(session, batchTable);
  const keys = node.config.uniqueKey ?? [];
  if (keys.length > 0) await requireKeys(session, node, batchTable, keys);
  context.signal.throwIfAborted();
  let changed = 0;
  if (rows > 0 || context.batches) {
    for (const statement of await mergeStatements(session, merge, target, keys)) {
      changed += await session.execute(statement);
    }
    if (keys.length > 0 && context.batches) await requireOwnKeys(session, node, target, keys);
  }
  await session.execute(sql`drop table ${batchTable}`);
  return { rows, isChanged: rows > 0 || changed > 0 };
}

/** A key of the batch may be on a row of another batch, which the table still holds. */
async function requireOwnKeys(
  session: Session,
  node: BuildNode,
  target: Relation,
  keys: readonly string[],
): Promise<void> {
  const written = sql`(
    select ${columnList(keys)}
    from ${tableOf(target)} as standing
    where exists (
      select 1
      from ${batchTable} as batch
      where ${keysEqual(keys, sql.id('batch'), sql.id('standing'))}
    )
  ) as written`;
  await requireKeys(session, node, written, keys, {
    hint: `A row of another batch has the key: make the select in ${node.file} unique over all batches, let it look back further (lookback), or build with --full-refresh.`,
  });
}

async function mergeStatements(
  session: Session,
  merge: Merge,
  target: Relation,
  keys: readonly string[],
): Promise<RawBuilder<unknown>[]> {
  const columns = merge.change.insertColumns;
  const insert = insertBatch(target, batchTable, columns);
  const { raw } = merge.node.config;
  switch (strategyOf(merge.node)) {
    case 'append':
      return [insert];
    case 'delete+insert':
      return [deleteByKey(target, batchTable, keys, predicatesOf(raw)), insert];
    case 'merge': {
      const predicates = predicatesOf(raw);
      const { merge: clauses } = merge.node.config;
      const shape = { columns, keys, predicates };
      if (clauses) return [mergeByClauses(target, batchTable, shape, clauses)];
      const updated = updatedColumns(columns, keys, raw);
      // Where a merge would write every column, delete and insert leaves the same rows sooner.
      const whole = updated.length === columns.length - keys.length;
      if (whole && merge.change.keptColumns.length === 0 && predicates.length === 0) {
        return [deleteByKey(target, batchTable, keys), insert];
      }
      return [mergeBatch(target, batchTable, { ...shape, updated })];
    }
    case 'custom': {
      const batch = { target, source: batchName, columns };
      const statements = await merge.node.custom?.mergeBatch?.(session, batch);
      assertThat(statements, 'a strategy of the project says how');
      return statements.map((statement) => sql.raw(statement));
    }
    case 'microbatch':
      return [deleteSpans(target, batchesOf(merge)), insert];
  }
}

const namesOf = (columns: readonly Column[]): string[] => columns.map(({ name }) => name);

/** Delete-and-insert wherever there is a key: several times faster than `merge` in these shapes. */
function strategyOf(node: BuildNode): IncrementalStrategy {
  const { incrementalStrategy, uniqueKey = [] } = node.config;
  const strategy = incrementalStrategy ?? (uniqueKey.length > 0 ? 'delete+insert' : 'append');
  if (uniqueKey.length === 0 && strategy === 'delete+insert') return 'append';
  if (uniqueKey.length === 0 && strategy === 'merge') return 'append';
  return strategy;
}

function actionOf(node: BuildNode): 'appended' | 'merged' {
  return strategyOf(node) === 'append' ? 'appended' : 'merged';
}

/** `incremental_predicates`: which rows of the target a batch may replace. */
function predicatesOf(raw: Readonly<Record<string, unknown>>): string[] {
  return [raw['incremental_predicates'] ?? raw['predicates'] ?? []].flat().map(String);
}

function updatedColumns(
  columns: readonly string[],
  keys: readonly string[],
  raw: Readonly<Record<string, unknown>>,
): string[] {
  const names = (value: unknown) => [value ?? []].flat().map((name) => String(name).toLowerCase());
  const only = names(raw['merge_update_columns']);
  const never = [...names(keys), ...names(raw['merge_exclude_columns'])];
  return columns.filter((name) => {
    const lower = name.toLowerCase();
    if (never.includes(lower)) return false;
    return only.length === 0 || only.includes(lower);
  });
}

function batchesOf({ node, context }: Merge) {
  if (context.batches) return context.batches;
  throw new TerminalError(
    `${formatRelation(node.relation)}: a microbatch has no window to replace`,
    {
      code: 'microbatch-window-missing',
      hint: 'Set event_time, batch_size and begin in its config.',
      model: node.id,
    },
  );
}
