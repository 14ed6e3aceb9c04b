import { type RawBuilder, sql } from 'kysely';
import type { JsonValue } from '../words/json.ts';
import type { CanonicalKind, Session, Warehouse } from '../words/warehouse.ts';
import type { DiffContext } from './diff-link.ts';
import { diffStatement } from './diff-statement.ts';
import type { SyncMapping } from './sync-mapping.ts';
import {
  acceptedColumn,
  adoptedColumn,
  associationField,
  forgetRests,
  planColumns,
  syncPlanTable,
  syncTables,
} from './sync-tables.ts';

type Sql = RawBuilder<unknown>;

/** Names one plan in `tidemill.sync_plan`. */
export interface PlanHeader {
  readonly planId: string;
  readonly runId: string;
  /** ISO time. */
  readonly plannedAt: string;
}

const planTable = sql.id(syncPlanTable.schema, syncPlanTable.name);

/** Keeps the diff in the sync's own table, so that all that follows reads one and the same. */
export async function keepDiff(warehouse: Warehouse, context: DiffContext): Promise<Sql> {
  const { diff } = syncTables(context.mapping.spec.name);
  const table = sql.id(diff.schema, diff.name);
  await warehouse.ddl([sql`create or replace table ${table} as ${diffStatement(context)}`]);
  return table;
}

/** Writes the plan, a row a field, before any call; nothing changes it afterwards. */
export async function writePlan(
  session: Session,
  mapping: SyncMapping,
  rows: Sql,
  header: PlanHeader,
): Promise<void> {
  for (const statement of planStatements(mapping, rows, header)) await session.execute(statement);
}

export function planStatements(mapping: SyncMapping, rows: Sql, header: PlanHeader): Sql[] {
  const columns = sql.join(planColumns.map(([name]) => sql.id(name)));
  return selectPlan(mapping, rows, header).map(
    (select) => sql`
    insert into ${planTable} (${columns})${select}`,
  );
}

/** The rows of a plan: a select for each field and association, one for rows only shown. */
export function selectPlan(mapping: SyncMapping, rows: Sql, header: PlanHeader): Sql[] {
  const sent = mapping.fields.map((field, index) => {
    const name = (prefix: string): Sql => sql.id(`${prefix}${index}`);
    const isSent = sql`class = 'update' and ${name('d')} like 'send:%'`;
    const isCreated = field.destination.creatable
      ? sql`(class = 'create' and ${name('km')} <> '')`
      : sql`false`;
    const isShown = sql`(${name('d')} = 'adopt' or ${name('d')} like 'report:%')`;
    return selectRows(mapping, rows, header, {
      action: sql`case when ${isSent} or ${isCreated} or class = 'archive' then class
        when ${name('d')} = 'adopt' then 'adopt'
        when ${name('d')} = 'report:drift' then 'drift'
        when ${name('d')} = 'report:review' then 'conflict'
        else 'not_held' end`,
      field: sql.lit(field.field),
      kind: sql.lit(field.kind),
      before: name('before'),
      beforeAccepted: name('ka'),
      after: sql`case when class <> 'archive' then ${name('after')} end`,
      accepts: name('km'),
      reason: sql`coalesce(${name('d')}, reason)`,
      where: sql`(${isSent}) or ${isCreated} or class = 'archive'
        or (${isShown} and class <> 'rejected')`,
    });
  });
  const associated = mapping.associations.map(({ object }, index) => {
    const name = (prefix: string): Sql => sql.id(`${prefix}${index}`);
    return selectRows(mapping, rows, header, {
      action: sql`case when class = 'create' then 'create' else 'associate' end`,
      field: sql.lit(associationField(object)),
      kind: sql.lit('record_id'),
      before: sql`null`,
      beforeAccepted: name('xa'),
      after: name('xm'),
      accepts: name('xm'),
      reason: sql`coalesce(${name('xd')}, reason)`,
      where: sql`${name('xm')} is not null
        and (class = 'create' or (class = 'update' and ${name('xd')} is not null))`,
    });
  });
  const shown = selectRows(mapping, rows, header, {
    action: sql`class`,
    field: sql`null`,
    kind: sql`null`,
    before: sql`null`,
    beforeAccepted: sql`null`,
    after: sql`null`,
    accepts: sql`null`,
    reason: sql`reason`,
    where: sql`class in ('rejected', 'gone', 'locked', 'unmatched')`,
  });
  return [...sent, ...associated, shown];
}

function selectRows(
  mapping: SyncMapping,
  rows: Sql,
  header: PlanHeader,
  on: Readonly<
    Record<
      | 'action'
      | 'field'
      | 'kind'
      | 'before'
      | 'beforeAccepted'
      | 'after'
      | 'accepts'
      | 'reason'
      | 'where',
      Sql
    >
  >,
): Sql {
  return sql`
    select
      ${header.planId}, ${header.runId}, cast(${header.plannedAt} as timestamp),
      ${mapping.spec.name}, key, crm_id, ${on.action}, ${on.field}, ${on.kind}, ${on.before},
      ${on.beforeAccepted}, ${on.after}, ${on.accepts}, ${on.reason}, observed_at, signature
    from ${rows} as diff
    where ${on.where}`;
}

/** Settles in the state what needs no call: values the CRM holds already, and adopted edits. */
export async function moveState(
  session: Session,
  mapping: SyncMapping,
  rows: Sql,
): Promise<number> {
  const { state, next } = syncTables(mapping.spec.name);
  const stateTable = sql.id(state.schema, state.name);
  const nextTable = sql.id(next.schema, next.name);
  const fields = mapping.fields.flatMap(({ field }, index) => {
    const decision = sql`d.${sql.id(`d${index}`)}`;
    const isMoved = sql`coalesce(${decision} in ('move', 'adopt'), false)`;
    return [
      [
        acceptedColumn(field),
        sql`case when ${isMoved} then d.${sql.id(`km${index}`)} else d.${sql.id(`ka${index}`)} end`,
      ] as const,
      [
        adoptedColumn(field),
        sql`case when ${decision} = 'adopt' then d.${sql.id(`kc${index}`)}
            when ${isMoved} or ${base} is null then null
            else s.${sql.id(adoptedColumn(field))} end`,
      ] as const,
    ];
  });
  const kept = mapping.associations.map(
    ({ object }) =>
      [
        acceptedColumn(associationField(object)),
        sql`case when ${base} is not null
          then s.${sql.id(acceptedColumn(associationField(object)))} end`,
      ] as const,
  );
  const status: readonly (readonly [string, Sql])[] = [
    ['key', sql`d.key`],
    ['crm_id', sql`d.crm_id`],
    ['status', sql`'accepted'`],
    ['written_at', sql`case when ${base} is not null then s.written_at end`],
    ['sent', sql`case when ${base} is not null then s.sent end`],
    ['clean_at', sql`case when d.is_clean then d.observed_at end`],
    [
      'reasserts',
      sql`case when d.any_reassert or d.is_drift or d.is_pending
        then coalesce(s.reasserts, 0) else 0 end`,
    ],
    ['rejected', sql`null`],
    ['reason', sql`null`],
  ];
  await session.execute(sql`delete from ${nextTable}`);
  const columns = [...status, ...fields, ...kept];
  await session.execute(sql`
    insert into ${nextTable} (${sql.join(columns.map(([name]) => sql.id(name)))})
    select ${sql.join(
      columns.map(([, value]) => value),
      sql`,\n      `,
    )}
    from ${rows} as d
    left join ${stateTable} as s on s.key = d.key
    where (d.any_move and d.class <> 'rejected') or d.class in ('noop', 'verified')`);
  return replaceState(session, mapping.spec.name);
}

/** The state row that speaks of the same record as the diff. */
const base = sql`case when s.crm_id = d.crm_id then s.key end`;

/** Puts the rows of the `next` table into the state, in place of those of the same key. */
export async function replaceState(session: Session, sync: string): Promise<number> {
  const { state, next } = syncTables(sync);
  const stateTable = sql.id(state.schema, state.name);
  const nextTable = sql.id(next.schema, next.name);
  const columns = (await session.describe(next)) ?? [];
  const names = sql.join(columns.map(({ name }) => sql.id(name)));
  await session.execute(sql`delete from ${stateTable} where key in (select key from ${nextTable})`);
  const moved = await session.execute(
    sql`insert into ${stateTable} (${names}) select ${names} from ${nextTable}`,
  );
  await session.execute(sql`delete from ${nextTable}`);
  await forgetRests(session);
  return moved;
}

export const appliedActions = ['create', 'update', 'associate', 'archive'] as const;
export type AppliedAction = (typeof appliedActions)[number];

/** One change as the plan has it, its fields together. */
export interface PlannedChange {
  readonly key: string;
  readonly crmId: string | undefined;
  readonly action: AppliedAction;
  readonly observedAt: string | null;
  readonly signature: string;
  readonly reasserts: boolean;
  readonly fields: readonly PlannedField[];
}

export interface PlannedField {
  readonly field: string;
  readonly kind: CanonicalKind;
  readonly before: string | null;
  readonly after: string | null;
  readonly accepts: string;
  readonly reason: string | null;
}

/** How many changes of each action a plan has. */
export async function countPlan(
  session: Session,
  planId: string,
): Promise<Readonly<Record<AppliedAction, number>>> {
  const rows = await session.query<{ action: string; n: number }>(sql`
    select action, count(distinct key) as n
    from ${planTable}
    where plan_id = ${planId}
    group by action`);
  const count = (action: AppliedAction): number =>
    Number(rows.find((row) => row.action === action)?.n ?? 0);
  return {
    create: count('create'),
    update: count('update'),
    associate: count('associate'),
    archive: count('archive'),
  };
}

/** The plan's changes of one action, in the order of their keys, as they are read. */
export async function* readPlan(
  warehouse: Warehouse,
  planId: string,
  action: AppliedAction,
): AsyncGenerator<PlannedChange> {
  const statement = sql`
    select key, crm_id, field, kind, before_crm, after, accepts, reason, observed_at, signature
    from ${planTable}
    where plan_id = ${planId} and action = ${action}
    order by key, field`;
  let open: { -readonly [K in keyof PlannedChange]: PlannedChange[K] } | undefined;
  let fields: PlannedField[] = [];
  for await (const chunk of warehouse.stream(statement)) {
    for (const row of chunk) {
      const key = String(row['key']);
      if (open?.key !== key) {
        if (open) yield open;
        fields = [];
        open = {
          key,
          crmId: optionalText(row['crm_id']) ?? undefined,
          action,
          observedAt: optionalText(row['observed_at']),
          signature: String(row['signature']),
          reasserts: false,
          fields,
        };
      }
      const reason = optionalText(row['reason']);
      if (reason === 'send:drift') open.reasserts = true;
      fields.push({
        field: String(row['field']),
        kind: row['kind'] as CanonicalKind,
        before: optionalText(row['before_crm']),
        after: optionalText(row['after']),
        accepts: String(row['accepts'] ?? ''),
        reason,
      });
    }
  }
  if (open) yield open;
}

function optionalText(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}

/** The text of a plan as the value its kind has in JSON. */
export function toJsonValue(kind: CanonicalKind, text: string | null): JsonValue {
  if (text === null) return null;
  if (kind === 'boolean') return text === 'true';
  if (kind === 'datetime') return toIsoTime(text);
  if (kind !== 'number') return text;
  const number = Number(text);
  // Digits a double cannot hold stay text: every CRM reads numbers from text as well.
  return Number.isFinite(number) && Math.abs(number) < 1e15 ? number : text;
}

/** From a warehouse's timestamp (UTC, no zone), ISO 8601 or milliseconds since the epoch. */
function toIsoTime(text: string): string {
  if (/^-?\d{11,14}$/.test(text)) return new Date(Number(text)).toISOString();
  const hasZone = /(?:[zZ]|[+-]\d\d(?::?\d\d)?)$/.test(text.slice(10));
  const time =
    text.length === 10 ? `${text}T00:00:00Z` : `${text.replace(' ', 'T')}${hasZone ? '' : 'Z'}`;
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? text : new Date(ms).toISOString();
}
