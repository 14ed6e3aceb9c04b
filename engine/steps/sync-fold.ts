import { type RawBuilder, sql } from 'kysely';
import { insertRows, typeColumns } from '../state/insert-rows.ts';
import type { Ledger, Push } from '../state/ledger.ts';
import { readOffset, writeOffset } from '../state/offsets.ts';
import type { Dialect, Session, Warehouse } from '../words/warehouse.ts';
import type { SyncMapping } from './sync-mapping.ts';
import { replaceState } from './sync-plan.ts';
import {
  acceptedColumn,
  adoptedColumn,
  associationField,
  attemptColumns,
  ensureAttemptTable,
  storedFields,
  syncAttemptTable,
  syncTables,
} from './sync-tables.ts';

type Sql = RawBuilder<unknown>;

/** Outcomes folded in one transaction. */
const foldPageMax = 5_000;

/**
 * Brings the sync's state up to the ledger: outcomes not seen yet, and the place reached, in one
 * transaction. So a warehouse that was restored from an older copy catches up by itself.
 * Answers how many outcomes were folded.
 */
export async function foldLedger(
  warehouse: Warehouse,
  ledger: Ledger,
  mapping: SyncMapping,
): Promise<number> {
  const name = `push:${mapping.spec.name}`;
  const reached = await readOffset(warehouse, name);
  // Further than the ledger itself: `state.db` was replaced by a younger one, all of it is new.
  let position = reached > ledger.newestOutcome() ? 0 : reached;
  let folded = 0;
  for (;;) {
    const pushes = ledger.outcomesAfter(mapping.spec.name, position, foldPageMax);
    const last = pushes.at(-1)?.outcome;
    if (last === undefined) return folded;
    await ensureAttemptTable(warehouse);
    const fields = await shapePushTable(warehouse, mapping, pushes);
    await warehouse.transaction(async (session) => {
      await copyAttempts(session, warehouse.dialect, pushes);
      for (const batch of splitByKey(pushes)) {
        await fillPushTable(session, warehouse.dialect, mapping, fields, batch);
        await mergePushes(session, mapping, fields);
      }
      await writeOffset(session, name, last);
    });
    position = last;
    folded += pushes.length;
  }
}

/** Batches in order, no key twice in one: each outcome builds on the state the last one left. */
function splitByKey(pushes: readonly Push[]): readonly (readonly Push[])[] {
  const batches: Push[][] = [];
  let keys = new Set<string>();
  let batch: Push[] = [];
  for (const push of pushes) {
    if (keys.has(push.key)) {
      batches.push(batch);
      batch = [];
      keys = new Set();
    }
    keys.add(push.key);
    batch.push(push);
  }
  batches.push(batch);
  return batches;
}

const pushColumns = [
  ['key', 'string'],
  ['crm_id', 'string'],
  ['outcome', 'string'],
  ['at', 'timestamp'],
  ['observed_at', 'timestamp'],
  ['signature', 'string'],
  ['is_reassert', 'boolean'],
  ['sent', 'string'],
  ['reason', 'string'],
] as const;

/** One column a field that was pushed or is mapped now; the state gets those it lacks. */
async function shapePushTable(
  warehouse: Warehouse,
  mapping: SyncMapping,
  pushes: readonly Push[],
): Promise<readonly string[]> {
  const { push, state, next } = syncTables(mapping.spec.name);
  const fields = new Set(storedFields(mapping));
  for (const { payload } of pushes) {
    for (const field of Object.keys(payload.fields)) fields.add(field);
    for (const { to } of payload.associations) fields.add(associationField(to));
  }
  const { dialect } = warehouse;
  const text = sql.raw(dialect.typeName('string'));
  const statements: Sql[] = [];
  for (const relation of [state, next]) {
    const have = new Set((await warehouse.describe(relation))?.map((column) => column.name));
    for (const field of fields) {
      for (const column of [acceptedColumn(field), adoptedColumn(field)]) {
        if (have.has(column)) continue;
        const table = sql.id(relation.schema, relation.name);
        statements.push(sql`alter table ${table} add column ${sql.id(column)} ${text}`);
      }
    }
  }
  const names = [...fields];
  const have = (await warehouse.describe(push))?.map((column) => column.name) ?? [];
  const wanted = [...pushColumns.map(([name]) => name), ...names.map(acceptedColumn)];
  if (!wanted.every((column) => have.includes(column))) {
    const typed = pushColumns.map(
      ([name, type]) => sql`${sql.id(name)} ${sql.raw(dialect.typeName(type))}`,
    );
    const columns = [
      ...typed,
      ...names.map((field) => sql`${sql.id(acceptedColumn(field))} ${text}`),
    ];
    const table = sql.id(push.schema, push.name);
    statements.push(sql`create or replace table ${table} (${sql.join(columns)})`);
  }
  if (statements.length > 0) await warehouse.ddl(statements);
  return names;
}

async function fillPushTable(
  session: Session,
  dialect: Dialect,
  mapping: SyncMapping,
  fields: readonly string[],
  pushes: readonly Push[],
): Promise<void> {
  const { push: relation } = syncTables(mapping.spec.name);
  const mapped = new Set(mapping.fields.map(({ field }) => field));
  const accepted = fields.map((field) => [acceptedColumn(field), 'string'] as const);
  const rows = pushes.map((push) => {
    const { payload } = push;
    return [
      push.key,
      push.resultId ?? push.crmId,
      outcomeOf(push),
      push.outcomeAt,
      payload.observedAt,
      payload.signature,
      payload.reasserts,
      sentList(push),
      push.code,
      ...fields.map((field) => acceptedBy(push, mapped, field)),
    ];
  });
  await session.execute(sql`delete from ${sql.id(relation.schema, relation.name)}`);
  const columns = typeColumns(dialect, [...pushColumns, ...accepted]);
  await insertRows(session, dialect, relation, columns, rows);
}

function outcomeOf(push: Push): string {
  return push.status === 'written' && push.action === 'archive' ? 'removed' : push.status;
}

/** What the push settles for one field: what it sent, and, for a create, that the rest is empty. */
function acceptedBy(push: Push, mapped: ReadonlySet<string>, field: string): string | null {
  const sent = push.payload.fields[field];
  if (sent) return sent.accepts;
  const association = push.payload.associations.find(({ to }) => associationField(to) === field);
  if (association) return association.id;
  return push.action === 'create' && mapped.has(field) ? '' : null;
}

function sentList(push: Push): string {
  return Object.keys(push.payload.fields)
    .map((field) => `,${field},`)
    .join('');
}

/**
 * The state each outcome leaves: see `Push` and the classes of the diff for what follows from it.
 */
async function mergePushes(
  session: Session,
  mapping: SyncMapping,
  fields: readonly string[],
): Promise<void> {
  const { push, state, next } = syncTables(mapping.spec.name);
  const isWritten = sql`o.outcome = 'written'`;
  const isSame = sql`(s.crm_id is not distinct from o.crm_id)`;
  // Fields sent since the record was last observed add up; an observation between starts anew.
  const isUnseen = sql`(${isSame} and s.written_at is not null
        and (o.observed_at is null or s.written_at >= o.observed_at))`;
  const columns: (readonly [string, Sql])[] = [
    ['key', sql`o.key`],
    ['crm_id', sql`case when ${isWritten} then o.crm_id else coalesce(s.crm_id, o.crm_id) end`],
    [
      'status',
      sql`case o.outcome
        when 'written' then 'accepted'
        when 'deferred' then case
          when s.status <> 'in_doubt' then s.status
          when s.crm_id is null then 'new'
          else 'accepted' end
        else o.outcome end`,
    ],
    [
      'written_at',
      sql`case when o.outcome in ('written', 'removed') then o.at else s.written_at end`,
    ],
    [
      'sent',
      sql`case
        when not ${isWritten} then s.sent
        when ${isUnseen} then coalesce(s.sent, '') || o.sent
        else o.sent end`,
    ],
    ['clean_at', sql`case when o.outcome in ('written', 'removed') then null else s.clean_at end`],
    [
      'reasserts',
      sql`case
        when not ${isWritten} then coalesce(s.reasserts, 0)
        when o.is_reassert then coalesce(s.reasserts, 0) + 1
        else 0 end`,
    ],
    [
      'rejected',
      sql`case when o.outcome = 'rejected' then o.signature
        when ${isWritten} then null else s.rejected end`,
    ],
    ['reason', sql`case when o.outcome in ('rejected', 'in_doubt') then o.reason end`],
    ...fields.flatMap((field) => {
      const accepted = sql.id(acceptedColumn(field));
      const adopted = sql.id(adoptedColumn(field));
      const kept = (column: Sql): Sql => sql`case
        when not ${isWritten} or ${isSame} then s.${column} end`;
      return [
        [
          acceptedColumn(field),
          sql`case when ${isWritten} and o.${accepted} is not null then o.${accepted}
            else ${kept(accepted)} end`,
        ],
        [
          adoptedColumn(field),
          sql`case when ${isWritten} and o.${accepted} is not null then null
            else ${kept(adopted)} end`,
        ],
      ] as const;
    }),
  ];
  await session.execute(sql`delete from ${sql.id(next.schema, next.name)}`);
  await session.execute(sql`
    insert into ${sql.id(next.schema, next.name)}
      (${sql.join(columns.map(([name]) => sql.id(name)))})
    select
      ${sql.join(
        columns.map(([, value]) => value),
        sql`,\n      `,
      )}
    from ${sql.id(push.schema, push.name)} as o
    left join ${sql.id(state.schema, state.name)} as s on s.key = o.key
    where o.outcome <> 'deferred' or s.key is not null`);
  await replaceState(session, mapping.spec.name);
}

/** The ledger's rows for analysts; a push that was settled later replaces its doubtful row. */
async function copyAttempts(
  session: Session,
  dialect: Dialect,
  pushes: readonly Push[],
): Promise<void> {
  const table = sql.id(syncAttemptTable.schema, syncAttemptTable.name);
  const columns = typeColumns(dialect, attemptColumns);
  const known = dialect.rowsOf(
    columns.slice(0, 1),
    pushes.map(({ seq }) => [seq]),
  );
  await session.execute(sql`delete from ${table} where seq in (select seq from ${known} as known)`);
  const rows = pushes.map((push) => [
    push.seq,
    push.runId,
    push.planId,
    push.sync,
    push.key,
    push.action,
    push.attempt,
    push.epoch,
    push.resultId ?? push.crmId,
    push.status,
    push.intendedAt,
    push.outcomeAt,
    push.created,
    push.code,
    push.message,
  ]);
  await insertRows(session, dialect, syncAttemptTable, columns, rows);
}
