import { type RawBuilder, sql } from 'kysely';
import type { Destination } from '../words/destination.ts';
import type { PlannedRow } from '../words/step.ts';
import type { Limit } from '../words/sync.ts';
import type { Dialect, Session } from '../words/warehouse.ts';
import { type RowClass, rowClasses } from './diff-judgement.ts';
import type { DiffContext } from './diff-link.ts';
import { diffStatement } from './diff-statement.ts';
import type { SyncMapping } from './sync-mapping.ts';
import { selectPlan } from './sync-plan.ts';
import { findSiblings, planColumns, syncTables } from './sync-tables.ts';

/** One limit and what the diff asks of it, in rows. */
export interface LimitCheck {
  readonly action: 'create' | 'update' | 'archive';
  readonly planned: number;
  readonly allowed: number;
  readonly isExceeded: boolean;
}

/** What a sync would do, in numbers. */
export interface DiffSummary {
  /**
   * Rows by class; `unchanged` are the model's rows there is nothing to do for, verified included.
   */
  readonly counts: Readonly<Record<RowClass | 'unchanged', number>>;
  /** Rows in which both sides moved, and rows the CRM moved alone, however they were settled. */
  readonly conflictRows: number;
  readonly driftRows: number;
  readonly limits: readonly LimitCheck[];
  /** Calls the changes will cost. */
  readonly calls: number;
  /** Why nothing would be sent, one sentence; absent: no limit stands in the way. */
  readonly stop?: string;
  /** True when a run would send something or move state. */
  readonly hasWork: boolean;
}

/** The statement's inputs, read from the warehouse as it stands. */
export async function openDiff(
  session: Session,
  dialect: Dialect,
  mapping: SyncMapping,
): Promise<DiffContext> {
  const state = await session.describe(syncTables(mapping.spec.name).state);
  const siblings = await findSiblings(session, mapping.spec);
  return { dialect, mapping, state, siblings };
}

/** The diff as a table expression: the select itself, or the table a run keeps it in. */
export type DiffRows = RawBuilder<unknown>;

/** Read-only: `plan` calls it with `diffStatement(context)` in brackets. */
export async function summarizeDiff(
  session: Session,
  mapping: SyncMapping,
  rows: DiffRows,
  price: Destination['price'],
): Promise<DiffSummary> {
  const found = await session.query<{ class: RowClass; n: number; c: number; d: number }>(sql`
    select
      class,
      sum(row_count) as n,
      sum(case when is_conflict then 1 else 0 end) as c,
      sum(case when is_drift then 1 else 0 end) as d
    from ${rows} as diff
    group by class`);
  const { from } = mapping.spec;
  const { current } = mapping.target;
  const [sizes] = await session.query<{ model: number; crm: number }>(sql`
    select
      (select count(*) from ${sql.id(from.schema, from.name)}) as model,
      (select count(*) from ${sql.id(current.schema, current.name)}) as crm`);
  const count = (name: RowClass): number => Number(found.find((row) => row.class === name)?.n ?? 0);
  const named = Object.fromEntries(rowClasses.map((name) => [name, count(name)]));
  const said = rowClasses
    .filter((name) => name !== 'archive' && name !== 'verified')
    .reduce((sum, name) => sum + count(name), 0);
  const counts = {
    ...(named as Record<RowClass, number>),
    unchanged: Math.max(0, Number(sizes?.model ?? 0) - said),
  };
  const limits = checkLimits(mapping, counts, Number(sizes?.crm ?? 0));
  const stop = describeStop(mapping, limits);
  const actions = ['create', 'update', 'archive'] as const;
  return {
    counts,
    conflictRows: found.reduce((sum, row) => sum + Number(row.c), 0),
    driftRows: found.reduce((sum, row) => sum + Number(row.d), 0),
    limits,
    calls: actions.reduce(
      (sum, action) => sum + (counts[action] === 0 ? 0 : price(action, counts[action])),
      0,
    ),
    ...(stop === undefined ? {} : { stop }),
    hasWork: counts.create + counts.update + counts.archive + counts.noop > 0,
  };
}

/** The diff of a plan: computed, counted, written nowhere. */
export async function diffSync(
  session: Session,
  dialect: Dialect,
  mapping: SyncMapping,
  price: Destination['price'],
): Promise<DiffSummary> {
  const context = await openDiff(session, dialect, mapping);
  return summarizeDiff(session, mapping, sql`(${diffStatement(context)})`, price);
}

/** Rows of a plan as they would be written, by key and field: at most so many. Read-only. */
export async function previewPlan(
  session: Session,
  dialect: Dialect,
  mapping: SyncMapping,
  most: number,
): Promise<readonly PlannedRow[]> {
  const context = await openDiff(session, dialect, mapping);
  const header = { planId: '', runId: '', plannedAt: new Date(0).toISOString() };
  const columns = sql.join(planColumns.map(([name]) => sql.id(name)));
  const selects = selectPlan(mapping, sql`diffed`, header).map((select) => sql`(${select})`);
  const rows = await session.query<Record<string, string | null>>(sql`
    with
      diffed as (${diffStatement(context)}),
      plan (${columns}) as (${sql.join(selects, sql` union all `)})
    select key, crm_id, action, field, before_crm, after, reason
    from plan
    order by key, field
    limit ${sql.lit(most)}`);
  return rows.map((row) => ({
    key: row['key'] ?? '',
    record: row['crm_id'] ?? null,
    action: row['action'] ?? '',
    field: row['field'] ?? null,
    before: row['before_crm'] ?? null,
    after: row['after'] ?? null,
    reason: row['reason'] ?? null,
  }));
}

function checkLimits(
  mapping: SyncMapping,
  counts: Readonly<Record<'create' | 'update' | 'archive', number>>,
  liveRecords: number,
): readonly LimitCheck[] {
  return (['create', 'update', 'archive'] as const).map((action) => {
    const allowed = allowedRows(mapping.spec.limits[action], liveRecords);
    const planned = counts[action];
    return { action, planned, allowed, isExceeded: planned > allowed };
  });
}

function allowedRows(limit: Limit, liveRecords: number): number {
  return 'count' in limit ? limit.count : Math.ceil((liveRecords * limit.percent) / 100);
}

function describeStop(mapping: SyncMapping, limits: readonly LimitCheck[]): string | undefined {
  const exceeded = limits.filter(({ isExceeded }) => isExceeded);
  if (exceeded.length === 0) return undefined;
  const parts = exceeded.map(
    ({ action, planned, allowed }) => `${action} ${planned} rows where ${allowed} are allowed`,
  );
  return `sync ${mapping.spec.name} would ${parts.join(' and ')}`;
}
