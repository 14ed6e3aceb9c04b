import { join } from 'node:path';
import { sql } from 'kysely';
import { onTestFinished } from 'vitest';
import { type Ledger, openLedger } from '../../engine/state/ledger.ts';
import { openStateDb, type StateDb } from '../../engine/state/state-db.ts';
import { type DiffSummary, diffSync } from '../../engine/steps/diff.ts';
import { applySync, type SyncRequest, type SyncResult } from '../../engine/steps/sync.ts';
import { mapSync, type SyncMapping } from '../../engine/steps/sync-mapping.ts';
import { type AtRest, applyUnlessAtRest } from '../../engine/steps/sync-rest.ts';
import type { DestinationField } from '../../engine/words/destination.ts';
import type { JsonValue } from '../../engine/words/json.ts';
import { silentLog } from '../../engine/words/log.ts';
import type { FieldSpec, SyncSpec } from '../../engine/words/sync.ts';
import type { CanonicalKind, Row, Warehouse } from '../../engine/words/warehouse.ts';
import { openDuckDb } from '../../loaders/duckdb/duckdb.ts';
import { heldClock, testFolder } from '../state/folder.ts';
import { createFakeCrm, type FakeCrm } from './fake-crm.ts';

export interface Lab {
  readonly warehouse: Warehouse;
  readonly crm: FakeCrm;
  readonly clock: ReturnType<typeof heldClock>;
  readonly spec: SyncSpec;
  readonly db: StateDb;
  ledger: Ledger;
  /** Replaces the model's rows; columns are the fields' own names, as text unless typed. */
  setModel(rows: readonly Record<string, JsonValue>[]): Promise<void>;
  /** Lands what changed in the CRM since the last time, as the extract step does. */
  extract(): Promise<void>;
  /** `name`: as another sync of the same model and object. */
  map(name?: string): Promise<SyncMapping>;
  /** A run's request, as of now. */
  request(mapping: SyncMapping): SyncRequest;
  diff(): Promise<DiffSummary>;
  run(): Promise<SyncResult>;
  /** As a scheduled run does it: no diff where the last one would only be repeated. */
  runUnlessAtRest(): Promise<SyncResult | AtRest>;
  /** As after a crash: the ledger is opened again by a new process. */
  reopen(): void;
  state(): Promise<readonly Row[]>;
  plan(planId: string): Promise<readonly Row[]>;
}

export const crmField = (
  name: string,
  kind: CanonicalKind = 'text',
  more: Partial<DestinationField> = {},
): DestinationField => ({
  name,
  label: name,
  kind,
  type: kind,
  required: false,
  unique: false,
  creatable: true,
  updatable: true,
  ...more,
});

export const mapped = (field: string, more: Partial<FieldSpec> = {}): FieldSpec => ({
  field,
  column: field,
  write: 'always',
  owner: 'warehouse',
  ...more,
});

export interface LabOptions {
  readonly spec?: Partial<SyncSpec>;
  readonly fields?: readonly DestinationField[];
  /** Types of the model's columns; default text. */
  readonly types?: Readonly<Record<string, string>>;
  readonly groupMax?: number;
}

let labs = 0;

const defaultFields = [
  crmField('email', 'email', { unique: true, lengthMax: 40 }),
  crmField('name'),
  crmField('title'),
];

/** A model, a CRM and a sync between them, small enough to see through. */
export async function openLab(options: LabOptions = {}): Promise<Lab> {
  labs += 1;
  const id = `lab${labs}`;
  const folder = testFolder();
  const path = join(folder, 'warehouse.duckdb');
  const own = await openDuckDb({ path, log: silentLog });
  onTestFinished(() => own[Symbol.asyncDispose]());
  const clock = heldClock();
  const fields = options.fields ?? defaultFields;
  const crm = createFakeCrm(fields, clock, options.groupMax);
  const spec: SyncSpec = {
    name: `${id}_contacts`,
    from: { schema: `${id}_model`, name: 'contacts' },
    connection: 'crm',
    object: 'contacts',
    match: [{ field: 'email', column: 'email' }],
    behavior: 'upsert',
    fields: [mapped('email'), mapped('name'), mapped('title')],
    associate: [],
    limits: { create: { count: 1000 }, update: { count: 1000 }, archive: { count: 1000 } },
    onDrift: 'reassert',
    ...options.spec,
  };
  const db = openStateDb(join(folder, 'state'));
  onTestFinished(() => db[Symbol.dispose]());
  const landing = await openLanding(own, id, fields);
  let modelVersion = 0;
  const lab: Lab = {
    warehouse: own,
    crm,
    clock,
    spec,
    db,
    ledger: openLedger(db, clock),
    setModel(rows) {
      modelVersion += 1;
      return writeModel(own, spec, rows, options.types ?? {});
    },
    extract: () => landing.extract(crm, clock),
    async map(name = spec.name) {
      const target = { current: landing.current, log: landing.log, fields };
      const { mapping, faults } = await mapSync(own, { ...spec, name }, target);
      if (!mapping) throw new AggregateError(faults, faults.map(String).join('\n'));
      return mapping;
    },
    diff: async () => diffSync(own, own.dialect, await lab.map(), crm.price),
    request: (mapping) => ({
      warehouse: own,
      ledger: lab.ledger,
      mapping,
      destination: crm,
      clock,
      log: silentLog,
      signal: new AbortController().signal,
      runId: `run-${clock.now()}`,
    }),
    async run() {
      clock.advance(1000);
      const result = await applySync(lab.request(await lab.map()));
      clock.advance(1000);
      return result;
    },
    async runUnlessAtRest() {
      clock.advance(1000);
      const inputs = { model: `${modelVersion}`, crm: `${landing.version()}` };
      const result = await applyUnlessAtRest(lab.request(await lab.map()), inputs);
      clock.advance(1000);
      return result;
    },
    reopen() {
      lab.ledger = openLedger(db, clock);
    },
    state: () => own.query(sql`select * from ${sql.id('tidemill_sync', spec.name)} order by key`),
    plan: (planId) =>
      own.query(sql`
        select key, crm_id, action, field, before_crm, before_accepted, after, reason
        from tidemill.sync_plan where plan_id = ${planId} order by key, field`),
  };
  return lab;
}

async function openLanding(warehouse: Warehouse, id: string, fields: readonly DestinationField[]) {
  const log = { schema: `raw_${id}`, name: 'contacts' };
  const current = { schema: id, name: 'contacts' };
  const columns = fields.map(({ name }) => sql`${sql.id(name)} varchar`);
  await warehouse.ddl([
    sql`create schema if not exists ${sql.id(log.schema)}`,
    sql`create schema if not exists ${sql.id(current.schema)}`,
    sql`create table ${sql.id(log.schema, log.name)} (
      _record_id varchar, _modified_at timestamp, _deleted boolean, _observed_at timestamp,
      _seq bigint, ${sql.join(columns)})`,
    sql`create view ${sql.id(current.schema, current.name)} as
      select * exclude (_rank) from (
        select *, row_number() over (partition by _record_id order by _seq desc) as _rank
        from ${sql.id(log.schema, log.name)})
      where _rank = 1 and not _deleted`,
  ]);
  const landed = new Map<string, string>();
  let seq = 0;
  return {
    log,
    current,
    version: () => seq,
    async extract(crm: FakeCrm, clock: ReturnType<typeof heldClock>) {
      clock.advance(1000);
      const observed = new Date(clock.now()).toISOString();
      const rows = [...crm.records.values()].flatMap((record) => {
        const version = JSON.stringify([record.modifiedMs, record.isDeleted, record.fields]);
        if (landed.get(record.id) === version) return [];
        landed.set(record.id, version);
        seq += 1;
        const values = fields.map(({ name }) => {
          const value = record.fields[name] ?? null;
          return value === null ? null : String(value);
        });
        return sql`(${record.id}, cast(${new Date(record.modifiedMs).toISOString()} as timestamp),
          ${record.isDeleted}, cast(${observed} as timestamp), ${seq}, ${sql.join(values)})`;
      });
      if (rows.length > 0) {
        await warehouse.execute(
          sql`insert into ${sql.id(log.schema, log.name)} values ${sql.join(rows)}`,
        );
      }
      clock.advance(1000);
    },
  };
}

async function writeModel(
  warehouse: Warehouse,
  spec: SyncSpec,
  rows: readonly Record<string, JsonValue>[],
  types: Readonly<Record<string, string>>,
): Promise<void> {
  const names = new Set([
    ...spec.match.map(({ column }) => column),
    ...spec.fields.map(({ column }) => column),
    ...spec.associate.map(({ column }) => column),
    ...(spec.modifiedColumn === undefined ? [] : [spec.modifiedColumn]),
  ]);
  const columns = [...names];
  const typed = columns.map((name) => sql`${sql.id(name)} ${sql.raw(types[name] ?? 'varchar')}`);
  const table = sql.id(spec.from.schema, spec.from.name);
  await warehouse.ddl([
    sql`create schema if not exists ${sql.id(spec.from.schema)}`,
    sql`create or replace table ${table} (${sql.join(typed)})`,
  ]);
  if (rows.length === 0) return;
  const values = rows.map(
    (row) => sql`(${sql.join(columns.map((name) => sql`${row[name] ?? null}`))})`,
  );
  await warehouse.execute(sql`insert into ${table} values ${sql.join(values)}`);
}
