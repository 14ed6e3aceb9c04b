import { type RawBuilder, sql } from 'kysely';
import { ensureOffsetTable } from '../state/offsets.ts';
import type { ColumnType } from '../words/stream.ts';
import type { SyncSpec } from '../words/sync.ts';
import type { Column, Relation } from '../words/table.ts';
import type { Dialect, Session, Warehouse } from '../words/warehouse.ts';
import type { SyncMapping } from './sync-mapping.ts';

/** Tables for people are in `tidemill`, one table of state for each sync in `tidemill_sync`. */
export const syncPlanTable: Relation = { schema: 'tidemill', name: 'sync_plan' };
const syncStateView: Relation = { schema: 'tidemill', name: 'sync_state' };
const syncRegistry: Relation = { schema: 'tidemill', name: 'syncs' };
/** Syncs whose last diff left nothing to do: what it was taken of, and what it left alone. */
export const syncRestTable: Relation = { schema: 'tidemill', name: 'sync_rest' };

/** A sync's own tables: its state, its last diff, and two that are empty between transactions. */
export function syncTables(sync: string) {
  const schema = 'tidemill_sync';
  return {
    state: { schema, name: sync },
    /** Changed rows of the last diff, wide; replaced by the next. */
    diff: { schema, name: `${sync}__diff` },
    /** Outcomes on their way from the ledger into the state. */
    push: { schema, name: `${sync}__push` },
    /** State rows that are about to replace others. */
    next: { schema, name: `${sync}__next` },
  } as const;
}

/**
 * State columns beside the fields. `sent`: names of the fields written since the record was last
 * observed, each between commas. `clean_at`: when the version of the record was observed that was
 * found to agree in every field; while it is the newest, comparing model and CRM says it all.
 * `rejected`: the signature of what the CRM refused.
 */
export const stateColumns: readonly (readonly [string, ColumnType])[] = [
  ['key', 'string'],
  ['crm_id', 'string'],
  ['status', 'string'],
  ['written_at', 'timestamp'],
  ['sent', 'string'],
  ['clean_at', 'timestamp'],
  ['reasserts', 'integer'],
  ['rejected', 'string'],
  ['reason', 'string'],
];

/** Per field: the model's value last settled, canonical; null unknown, '' known to be empty. */
export const acceptedColumn = (field: string): string => `accepted.${field}`;
/** Per field: the CRM's value it was settled against, where that differs from the accepted one. */
export const adoptedColumn = (field: string): string => `adopted.${field}`;
/** Associations are kept like fields, under the other object's name. */
export const associationField = (object: string): string => `@${object}`;

/** Every name that is stored like a field. */
export function storedFields(mapping: SyncMapping): readonly string[] {
  return [
    ...mapping.fields.map(({ field }) => field),
    ...mapping.associations.map(({ object }) => associationField(object)),
  ];
}

export const planColumns: readonly (readonly [string, ColumnType])[] = [
  ['plan_id', 'string'],
  ['run_id', 'string'],
  ['planned_at', 'timestamp'],
  ['sync', 'string'],
  ['key', 'string'],
  ['crm_id', 'string'],
  ['action', 'string'],
  ['field', 'string'],
  ['kind', 'string'],
  ['before_crm', 'string'],
  ['before_accepted', 'string'],
  ['after', 'string'],
  ['accepts', 'string'],
  ['reason', 'string'],
  ['observed_at', 'timestamp'],
  ['signature', 'string'],
];

export const syncAttemptTable: Relation = { schema: 'tidemill', name: 'sync_attempt' };

/** One row a change and try, copied from the ledger. */
export const attemptColumns: readonly (readonly [string, ColumnType])[] = [
  ['seq', 'integer'],
  ['run_id', 'string'],
  ['plan_id', 'string'],
  ['sync', 'string'],
  ['key', 'string'],
  ['action', 'string'],
  ['attempt', 'integer'],
  ['epoch', 'integer'],
  ['crm_id', 'string'],
  ['status', 'string'],
  ['intended_at', 'timestamp'],
  ['outcome_at', 'timestamp'],
  ['created', 'boolean'],
  ['code', 'string'],
  ['message', 'string'],
];

export async function ensureAttemptTable(warehouse: Warehouse): Promise<void> {
  if (await warehouse.describe(syncAttemptTable)) return;
  const name = sql.id(syncAttemptTable.schema, syncAttemptTable.name);
  const columns = typed(warehouse.dialect, attemptColumns);
  await warehouse.ddl([sql`create table ${name} (${sql.join(columns)})`]);
}

/** Creates what is missing and widens what is narrow; nothing when all is there. */
export async function ensureSyncTables(warehouse: Warehouse, mapping: SyncMapping): Promise<void> {
  const { dialect } = warehouse;
  const tables = syncTables(mapping.spec.name);
  const wanted = storedFields(mapping).flatMap((field) => [
    acceptedColumn(field),
    adoptedColumn(field),
  ]);
  const statements: RawBuilder<unknown>[] = [];
  for (const relation of [tables.state, tables.next]) {
    const found = await warehouse.describe(relation);
    statements.push(...shapeState(dialect, relation, found, wanted));
  }
  if (statements.length > 0) await createSchemas(warehouse);
  await ensureSharedTables(warehouse);
  if (statements.length > 0) await warehouse.ddl(statements);
  await register(warehouse, mapping);
}

function shapeState(
  dialect: Dialect,
  relation: Relation,
  found: readonly Column[] | undefined,
  wanted: readonly string[],
): RawBuilder<unknown>[] {
  const name = sql.id(relation.schema, relation.name);
  const text = sql.raw(dialect.typeName('string'));
  if (!found) {
    const fields = wanted.map((column) => sql`${sql.id(column)} ${text}`);
    return [sql`create table ${name} (${sql.join([...typed(dialect, stateColumns), ...fields])})`];
  }
  const have = new Set(found.map((column) => column.name));
  return wanted
    .filter((column) => !have.has(column))
    .map((column) => sql`alter table ${name} add column ${sql.id(column)} ${text}`);
}

async function ensureSharedTables(warehouse: Warehouse): Promise<void> {
  await ensureOffsetTable(warehouse);
  const { dialect } = warehouse;
  const shared: readonly (readonly [Relation, readonly (readonly [string, ColumnType])[]])[] = [
    [syncPlanTable, planColumns],
    [
      syncRegistry,
      [
        ['sync', 'string'],
        ['connection', 'string'],
        ['object', 'string'],
        ['match', 'string'],
        ['fields', 'string'],
      ],
    ],
    [
      syncRestTable,
      [
        ['sync', 'string'],
        ['inputs', 'string'],
        ['left_alone', 'string'],
        ['outcome', 'integer'],
      ],
    ],
  ];
  const statements: RawBuilder<unknown>[] = [];
  for (const [relation, columns] of shared) {
    if (await warehouse.describe(relation)) continue;
    const name = sql.id(relation.schema, relation.name);
    statements.push(sql`create table ${name} (${sql.join(typed(dialect, columns))})`);
  }
  if (statements.length === 0) return;
  await createSchemas(warehouse);
  await warehouse.ddl(statements);
}

async function createSchemas(warehouse: Warehouse): Promise<void> {
  await warehouse.ddl([
    sql`create schema if not exists tidemill`,
    sql`create schema if not exists tidemill_sync`,
  ]);
}

/** Keeps the one view over the state of all syncs, and forgets what was found clean of others. */
async function register(warehouse: Warehouse, mapping: SyncMapping): Promise<void> {
  const { spec } = mapping;
  const registry = sql.id(syncRegistry.schema, syncRegistry.name);
  const fields = storedFields(mapping).join(',');
  const known = await warehouse.query<{ sync: string; fields: string }>(
    sql`select sync, fields from ${registry} order by sync`,
  );
  const own = known.find(({ sync }) => sync === spec.name);
  if (own?.fields === fields) return;
  if (!own) await warehouse.ddl([stateView([...known.map(({ sync }) => sync), spec.name])]);
  const { state } = syncTables(spec.name);
  await warehouse.transaction(async (session) => {
    await session.execute(sql`update ${sql.id(state.schema, state.name)} set clean_at = null`);
    await forgetRests(session);
    await session.execute(sql`delete from ${registry} where sync = ${spec.name}`);
    await session.execute(
      sql`insert into ${registry} values
        (${spec.name}, ${spec.connection}, ${spec.object}, ${matchText(spec)}, ${fields})`,
    );
  });
}

/**
 * A diff reads its own state and those of other syncs of the same object: call it in every
 * transaction that writes one.
 */
export async function forgetRests(session: Session): Promise<void> {
  await session.execute(sql`delete from ${sql.id(syncRestTable.schema, syncRestTable.name)}`);
}

function matchText({ match }: SyncSpec): string {
  return match.map(({ field }) => field).join(',');
}

/** Other syncs that ran and match records of the same object by the same fields. */
export async function findSiblings(session: Session, spec: SyncSpec): Promise<readonly string[]> {
  if (!(await session.describe(syncRegistry))) return [];
  const rows = await session.query<{ sync: string }>(sql`
    select sync from ${sql.id(syncRegistry.schema, syncRegistry.name)}
    where connection = ${spec.connection} and object = ${spec.object}
      and match = ${matchText(spec)} and sync <> ${spec.name}
    order by sync`);
  return rows.map(({ sync }) => sync);
}

function stateView(names: readonly string[]): RawBuilder<unknown> {
  const branches = names.map((name) => {
    const { state } = syncTables(name);
    return sql`
      select ${sql.lit(name)} as sync, key, crm_id, status, written_at, reasserts, reason
      from ${sql.id(state.schema, state.name)}`;
  });
  return sql`create or replace view ${sql.id(syncStateView.schema, syncStateView.name)} as
      ${sql.join(branches, sql` union all `)}`;
}

function typed(
  dialect: Dialect,
  columns: readonly (readonly [string, ColumnType])[],
): RawBuilder<unknown>[] {
  return columns.map(([name, type]) => sql`${sql.id(name)} ${sql.raw(dialect.typeName(type))}`);
}
