import { join } from 'node:path';
import { type RawBuilder, sql } from 'kysely';
import { expect, test } from 'vitest';
import { diffStatement } from '../../engine/steps/diff-statement.ts';
import type { SyncMapping } from '../../engine/steps/sync-mapping.ts';
import { planStatements } from '../../engine/steps/sync-plan.ts';
import { acceptedColumn, adoptedColumn, stateColumns } from '../../engine/steps/sync-tables.ts';
import { defaultLimits } from '../../engine/words/sync.ts';
import { duckdbDialect } from '../../loaders/duckdb/dialect.ts';
import { compileStatement } from '../../loaders/duckdb/statement.ts';
import { crmField, mapped } from './lab.ts';

const side = (name: string, type: 'string' | 'double' = 'string') => ({
  name,
  type,
  typeName: type === 'string' ? 'VARCHAR' : 'DOUBLE',
});

const mapping: SyncMapping = {
  spec: {
    name: 'contacts',
    from: { schema: 'operational', name: 'contacts' },
    connection: 'hubspot',
    object: 'contacts',
    match: [{ field: 'email', column: 'email' }],
    behavior: 'mirror',
    fields: [
      mapped('lastname', { column: 'last_name' }),
      mapped('score', { write: 'if_empty', owner: 'crm' }),
    ],
    associate: [{ object: 'companies', column: 'company_id' }],
    limits: defaultLimits,
    onDrift: 'reassert',
  },
  target: {
    current: { schema: 'hubspot', name: 'contacts' },
    log: { schema: 'raw_hubspot', name: 'contacts' },
    fields: [],
  },
  keys: [
    { field: 'email', column: 'email', kind: 'email', model: side('email'), crm: side('email') },
  ],
  fields: [
    {
      ...mapped('lastname', { column: 'last_name' }),
      kind: 'text',
      destination: crmField('lastname', 'text', { lengthMax: 80, required: true }),
      model: side('last_name'),
      crm: side('lastname'),
    },
    {
      ...mapped('score', { write: 'if_empty', owner: 'crm' }),
      kind: 'number',
      destination: crmField('score', 'number', { scale: 2 }),
      model: side('score', 'double'),
      crm: side('score', 'double'),
    },
  ],
  associations: [{ object: 'companies', model: side('company_id') }],
  modifiedColumn: undefined,
  matchesById: false,
  canCreate: true,
};

const fields = ['lastname', 'score', '@companies'];
const state = [
  ...stateColumns.map(([name, type]) => ({ name, type, typeName: duckdbDialect.typeName(type) })),
  ...fields
    .flatMap((field) => [acceptedColumn(field), adoptedColumn(field)])
    .map((name) => side(name)),
];

const header = { planId: 'plan', runId: 'run', plannedAt: '2026-01-01T00:00:00.000Z' };
const diff = sql.id('tidemill_sync', 'contacts__diff');

test.each<readonly [string, () => readonly RawBuilder<unknown>[]]>([
  [
    'sync-diff',
    () => [diffStatement({ dialect: duckdbDialect, mapping, state, siblings: ['leads'] })],
  ],
  ['sync-plan', () => planStatements(mapping, diff, header)],
])('%s is the statement that was reviewed', async (name, statements) => {
  const text = statements().map((one) => compileStatement(one).text.trim());
  const golden = join(import.meta.dirname, '..', 'golden', `${name}.duckdb.sql`);
  await expect(`${text.join(';\n\n')}\n`).toMatchFileSnapshot(golden);
});
