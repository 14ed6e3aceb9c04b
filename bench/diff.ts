import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RawBuilder, sql } from 'kysely';
import { openDiff } from '../engine/steps/diff.ts';
import { diffStatement } from '../engine/steps/diff-statement.ts';
import { mapSync, type SyncMapping } from '../engine/steps/sync-mapping.ts';
import { acceptedColumn, ensureSyncTables, syncTables } from '../engine/steps/sync-tables.ts';
import type { DestinationField } from '../engine/words/destination.ts';
import { assertThat } from '../engine/words/errors.ts';
import { silentLog } from '../engine/words/log.ts';
import { defaultLimits, type SyncSpec } from '../engine/words/sync.ts';
import type { CanonicalKind, Warehouse } from '../engine/words/warehouse.ts';
import { openDuckDb } from '../loaders/duckdb/duckdb.ts';
import { type Bench, measure, medianOf, round, type Sample } from './measure.ts';

const rowsMax = 1_000_000;
const ratioMax = 2;
/** An odd number, for a median. */
const turns = 5;

/** Every hundredth row has one changed value, every two-hundredth was edited in the CRM. */
const changedEvery = 100;
const editedEvery = 200;

interface BenchField {
  readonly name: string;
  readonly kind: CanonicalKind;
  readonly type: string;
  readonly value: string;
}

/** Twenty fields in the mix a CRM contact has. */
const fields: readonly BenchField[] = [
  { name: 'email', kind: 'email', type: 'varchar', value: `'person' || i || '@company.example'` },
  ...Array.from({ length: 11 }, (_, index) => ({
    name: `text_${index}`,
    kind: 'text' as const,
    type: 'varchar',
    value: `case when (i + ${index}) % 5 > 0 then 'value ' || ((i * ${index + 3}) % 5000) end`,
  })),
  ...Array.from({ length: 3 }, (_, index) => ({
    name: `amount_${index}`,
    kind: 'number' as const,
    type: 'decimal(18,2)',
    value: `((i * ${index + 7}) % 100000) / 100`,
  })),
  { name: 'score', kind: 'number', type: 'double', value: `(i % 1000) / 8.0` },
  { name: 'flag', kind: 'boolean', type: 'boolean', value: `i % 3 = 0` },
  {
    name: 'day',
    kind: 'date',
    type: 'date',
    value: `date '2020-01-01' + cast(i % 2000 as integer)`,
  },
  {
    name: 'seen',
    kind: 'datetime',
    type: 'timestamp',
    value: `timestamp '2026-01-01' + i * interval 1 second`,
  },
  { name: 'choice', kind: 'text', type: 'varchar', value: `'choice ' || (i % 12)` },
];

const spec: SyncSpec = {
  name: 'bench',
  from: { schema: 'model', name: 'contacts' },
  connection: 'crm',
  object: 'contacts',
  match: [{ field: 'email', column: 'email' }],
  behavior: 'upsert',
  fields: fields.map(({ name }) => ({
    field: name,
    column: name,
    write: 'always',
    owner: 'warehouse',
  })),
  associate: [],
  limits: defaultLimits,
  onDrift: 'reassert',
};

async function fill(warehouse: Warehouse, rows: number): Promise<SyncMapping> {
  const typed = (edit?: string): RawBuilder<unknown> =>
    sql.raw(
      fields
        .map(({ name, type, value }) => {
          const plain = `cast(${value} as ${type}) as ${name}`;
          return edit !== undefined && name === 'choice' ? `${edit} as ${name}` : plain;
        })
        .join(', '),
    );
  const changed = `case when i % ${changedEvery} = 0 then 'new' else 'choice ' || (i % 12) end`;
  const edited = `case when i % ${editedEvery} = 1 then 'edited' else 'choice ' || (i % 12) end`;
  await warehouse.ddl(
    ['model', 'raw_crm', 'crm'].map((name) => sql`create schema ${sql.id(name)}`),
  );
  await warehouse.ddl([
    sql`create table model.contacts as select ${typed(changed)} from range(${rows}) as r(i)`,
    sql`create table raw_crm.contacts as select
      'id' || i as _record_id, timestamp '2026-01-01' as _modified_at, false as _deleted,
      timestamp '2026-06-01' as _observed_at, ${typed(edited)}
      from range(${rows}) as r(i)`,
    sql`create view crm.contacts as select * from raw_crm.contacts`,
  ]);
  const describe = ({ name, kind, type }: BenchField): DestinationField => ({
    name,
    label: name,
    kind,
    type,
    required: false,
    unique: name === 'email',
    creatable: true,
    updatable: true,
  });
  const { mapping, faults } = await mapSync(warehouse, spec, {
    current: { schema: 'crm', name: 'contacts' },
    log: { schema: 'raw_crm', name: 'contacts' },
    fields: fields.map(describe),
  });
  assertThat(mapping, faults.map(String).join('; '));
  await ensureSyncTables(warehouse, mapping);
  const { state } = syncTables(spec.name);
  const accepted = fields.map(
    ({ kind, value, type }) =>
      sql`coalesce(${warehouse.dialect.canonical(kind, sql.raw(`cast(${value} as ${type})`))}, '')`,
  );
  await warehouse.execute(sql`
    insert into ${sql.id(state.schema, state.name)}
      (key, crm_id, status, written_at, sent, clean_at, reasserts,
       ${sql.join(fields.map(({ name }) => sql.id(acceptedColumn(name))))})
    select ${warehouse.dialect.canonical('email', sql.raw(fields[0]?.value ?? ''))}, 'id' || i,
      'accepted', timestamp '2026-05-01', '', timestamp '2026-06-01', 0, ${sql.join(accepted)}
    from range(${rows}) as r(i)`);
  await warehouse.checkpoint();
  return mapping;
}

/** The same three tables joined and compared as they are: no rules, no canonical forms. */
function bareJoin(): RawBuilder<unknown> {
  const { state } = syncTables(spec.name);
  const differs = fields.map(({ name }) => {
    const column = sql.id(name);
    return sql`m.${column} is distinct from c.${column}
      or cast(c.${column} as varchar) is distinct from s.${sql.id(acceptedColumn(name))}`;
  });
  return sql`
    select count(*) as n
    from model.contacts as m
    full join ${sql.id(state.schema, state.name)} as s on s.key = m.email
    full join crm.contacts as c on c._record_id = s.crm_id
    where ${sql.join(differs, sql` or `)}`;
}

async function runDiff(scale: number) {
  const rows = Math.max(1_000, Math.round(rowsMax * scale));
  const folder = await mkdtemp(join(tmpdir(), 'tidemill-bench-'));
  try {
    const path = join(folder, 'warehouse.duckdb');
    await using warehouse = await openDuckDb({ path, log: silentLog });
    const mapping = await fill(warehouse, rows);
    const context = await openDiff(warehouse, warehouse.dialect, mapping);
    const diff = sql`
      select class, sum(row_count) as n from (${diffStatement(context)}) as diff group by class`;
    let found: { class: string; n: number }[] = [];
    // Both once before: the first reads the file, which neither is measured for.
    await warehouse.query(bareJoin());
    await warehouse.query(diff);
    // In turns, so that whatever else the machine does meets both.
    const samples: { readonly bare: Sample; readonly own: Sample }[] = [];
    for (let turn = 0; turn < turns; turn += 1) {
      samples.push({
        bare: await measure(() => warehouse.query(bareJoin())),
        own: await measure(async () => {
          found = await warehouse.query(diff);
        }),
      });
    }
    const bare = medianOf(samples.map((sample) => sample.bare));
    const own = medianOf(samples.map((sample) => sample.own));
    const updates = Number(found.find((row) => row.class === 'update')?.n);
    const expected = Math.ceil(rows / changedEvery) + Math.ceil((rows - 1) / editedEvery);
    assertThat(updates === expected, `the diff found ${updates} updates of ${expected}`);
    const ratio = round(own.seconds / bare.seconds);
    return {
      value: round(own.seconds),
      unit: 's',
      reference: round(bare.seconds),
      ratio,
      target: `<= ${ratioMax} x the bare three-way full join`,
      met: ratio <= ratioMax,
      rows,
      cpu_s: round(own.cpuSeconds),
      reference_cpu_s: round(bare.cpuSeconds),
      rss_mb: own.rssMb,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** 1,000,000 rows of 20 fields against state and CRM. */
export const diffBench: Bench = { name: 'diff', run: runDiff };
