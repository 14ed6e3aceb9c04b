import { type RawBuilder, sql } from 'kysely';
import { expect, test } from 'vitest';
import { planSchema, schemaStatements } from '../../engine/steps/land-schema.ts';
import {
  appendRecords,
  createCurrentView,
  insertRecords,
  insertTombstones,
  type LandTable,
  stageAbsent,
  stageRecords,
  stageTombstones,
} from '../../engine/steps/land-statements.ts';
import { currentView, rawTable } from '../../engine/steps/land-tables.ts';
import { duckdbDialect } from '../../loaders/duckdb/dialect.ts';
import { pagesTable } from '../../loaders/duckdb/pages.ts';
import { compileStatement, describeStatement } from '../../loaders/duckdb/statement.ts';
import { people } from './landing.ts';

const plan = planSchema(undefined, people, {});
const raw = rawTable('crm', 'people');
const table: LandTable = {
  stream: people,
  raw,
  view: currentView('crm', 'people'),
  targets: plan.targets,
  columns: plan.columns.map(({ name }) => name),
  hasExtra: false,
  dialect: duckdbDialect,
};
const observation = { observedAt: new Date(0), batchId: 'batch-1' };
const csvPages = pagesTable(
  [{ path: 'page-1.csv', format: 'csv', header: ['id', 'name', 'age', 'updated', 'gone'] }],
  people,
  [],
);
const ndjsonPages = pagesTable(
  [{ path: 'page-1.ndjson', format: 'ndjson' }],
  { ...people, extraPath: [] },
  ['id', 'name'],
);
const [createSchema, createTable] = schemaStatements(raw, plan, duckdbDialect, {
  exists: false,
  hasExtra: false,
  wantsExtra: false,
});
const key = sql`connection = ${'crm'} and stream = ${'people'}`;

test.each<[string, RawBuilder<unknown> | undefined]>([
  ['land-create-schema', createSchema],
  ['land-create-table', createTable],
  ['land-create-view', createCurrentView(table)],
  ['land-stage-csv', stageRecords(table, csvPages)],
  ['land-stage-ndjson', stageRecords({ ...table, hasExtra: true }, ndjsonPages)],
  ['land-append', appendRecords(table, observation, csvPages)],
  ['land-insert', insertRecords(table, observation, false)],
  ['land-insert-duplicates', insertRecords(table, observation, true)],
  ['land-stage-tombstones', stageTombstones(table, csvPages)],
  ['land-insert-tombstones', insertTombstones(table, observation)],
  [
    'land-stage-absent',
    stageAbsent(table, {
      keys: sql`select record_id from tidemill.scan_keys where ${key}`,
      startedAt: sql`select max(started_at) from tidemill.scans where ${key}`,
    }),
  ],
])('%s is the statement reviewed', async (name, statement) => {
  if (statement === undefined) throw new Error(`no statement ${name}`);
  const text = `${describeStatement(compileStatement(statement)).trim()}\n`;
  await expect(text).toMatchFileSnapshot(`../golden/${name}.duckdb.sql`);
});
