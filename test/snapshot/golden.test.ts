import type { RawBuilder } from 'kysely';
import { sql } from 'kysely';
import { test } from 'vitest';
import { snapshotColumns } from '../../engine/declare/snapshot-config.ts';
import {
  createChanges,
  createEnds,
  createRows,
  endRows,
  insertRows,
  type SnapshotBuild,
  selectFirst,
} from '../../engine/steps/snapshot-statements.ts';
import type { SnapshotConfig } from '../../engine/words/node.ts';
import { compileStatement } from '../../loaders/duckdb/statement.ts';
import { expectGolden } from '../golden/expect-golden.ts';

const buildOf = (snapshot: Partial<SnapshotConfig>): SnapshotBuild => ({
  snapshot: {
    uniqueKey: ['id'],
    strategy: 'timestamp',
    hardDeletes: 'ignore',
    columnNames: snapshotColumns,
    ...snapshot,
  },
  sourceTable: sql.id('tidemill_source__mart__thing'),
  selected: ['id', 'name', 'fresh'],
  kept: new Set(['id', 'name']),
  compared: { names: ['name'], hasNew: false },
  now: sql`cast('2026-01-01 00:00:00.000' as timestamp)`,
});
const target = { schema: 'mart', name: 'thing' };
const plain = buildOf({ updatedAt: 'updated_at' });
const full = buildOf({
  strategy: 'check',
  hardDeletes: 'new_record',
  validToCurrent: "timestamp '9999-12-31'",
});

const statements: Readonly<Record<string, RawBuilder<unknown>>> = {
  'snapshot-first': selectFirst(plain, sql`select * from source`),
  'snapshot-changes': createChanges(plain, target),
  'snapshot-changes-new-record': createChanges(full, target),
  'snapshot-rows': createRows(plain, target),
  'snapshot-ends': createEnds(plain),
  'snapshot-rows-new-record': createRows(full, target),
  'snapshot-end': endRows(full, target),
  'snapshot-insert': insertRows(target, ['id', 'name', 'dbt_valid_to']),
};

test.each(Object.keys(statements))('%s is the statement that was agreed on', async (name) => {
  const { text } = compileStatement(statements[name] ?? sql``);
  await expectGolden(name, text);
});
