import type { RawBuilder } from 'kysely';
import { sql } from 'kysely';
import { describe, test } from 'vitest';
import { keepLast } from '../../engine/steps/batch-keys.ts';
import { countBroken, selectUnchained } from '../../engine/steps/history-audit.ts';
import { createBeliefs, insertBeliefs } from '../../engine/steps/history-beliefs.ts';
import {
  createContentKeys,
  createDigests,
  createRecordedKeys,
  digestsOf,
  measureLog,
} from '../../engine/steps/history-changes.ts';
import { hashContent, rankContent } from '../../engine/steps/history-intervals.ts';
import { shapeHistory } from '../../engine/steps/history-shape.ts';
import {
  countCollisions,
  countTies,
  createLate,
  createVersions,
  insertInOrder,
  measureVersions,
} from '../../engine/steps/history-statements.ts';
import { mergeByClauses } from '../../engine/steps/merge-clauses.ts';
import { deleteByKey, insertBatch, mergeBatch } from '../../engine/steps/merge-statements.ts';
import type { Column } from '../../engine/words/table.ts';
import { duckdbDialect } from '../../loaders/duckdb/dialect.ts';
import { compileStatement } from '../../loaders/duckdb/statement.ts';
import { expectGolden } from '../golden/expect-golden.ts';
import { historyConfig, historyNode } from './history-bench.ts';

const log: Column[] = [
  { name: 'id', type: 'string', typeName: 'VARCHAR' },
  { name: 'valid', type: 'timestamp', typeName: 'TIMESTAMP' },
  { name: 'recorded', type: 'timestamp', typeName: 'TIMESTAMP' },
  { name: 'seq', type: 'integer', typeName: 'BIGINT' },
  { name: 'gone', type: 'boolean', typeName: 'BOOLEAN' },
  { name: 'survivor', type: 'string', typeName: 'VARCHAR' },
  { name: 'name', type: 'string', typeName: 'VARCHAR' },
  { name: 'seen', type: 'integer', typeName: 'BIGINT' },
];
const shape = shapeHistory(historyNode(), historyConfig, log);
const select = sql`select * from log`;
const target = { schema: 'mart', name: 'thing' };
const table = sql.id('mart', 'thing');
const columns = ['id', 'name', 'seen', 'valid_from', 'valid_to', '…'];
const batch = sql.id('tidemill_batch');
const mark = {
  changedBy: 'recorded',
  recorded: '2026-01-01 00:00:00',
  rows: 7,
} as const;

const statements: Readonly<Record<string, RawBuilder<unknown>>> = {
  'history-versions': createVersions(shape, select, 'changed', hashContent(shape, duckdbDialect)),
  'history-versions-ranked': createVersions(shape, select, 'all', rankContent(shape)),
  'history-collisions': countCollisions(shape, true),
  'history-collisions-in-late': countCollisions(shape, false),
  'history-extent': measureVersions(shape, 'VARCHAR'),
  'history-late': createLate(shape),
  'history-in-order': insertInOrder(shape, table, columns, true),
  'history-in-order-without-runs': insertInOrder(shape, table, columns, false),
  'history-beliefs': createBeliefs(shape, true),
  'history-beliefs-unshared': createBeliefs({ ...shape, supersededBy: undefined }, false),
  'history-beliefs-insert': insertBeliefs(shape, table, columns),
  'history-ties': countTies(shape),
  'history-broken': countBroken(table, shape.keys),
  'history-unchained': selectUnchained(table, shape.keys, duckdbDialect),
  'history-mark': measureLog(shape, select, mark, 'VARCHAR'),
  'history-recorded-keys': createRecordedKeys(shape, select, mark.recorded),
  'history-digests': createDigests(shape, select, duckdbDialect),
  'history-content-keys': createContentKeys(shape, digestsOf(target)),
  'incremental-keep-last': keepLast(select, ['id', 'name', 'seen'], ['id'], 'seen'),
  'incremental-delete': deleteByKey(target, batch, ['id', 'name']),
  'incremental-insert': insertBatch(target, batch, ['id', 'name', 'seen']),
  'incremental-merge': mergeBatch(target, batch, {
    columns: ['id', 'name', 'seen'],
    keys: ['id'],
    updated: ['name'],
  }),
  'incremental-merge-clauses': mergeByClauses(
    target,
    batch,
    { columns: ['id', 'name', 'seen'], keys: ['id'], predicates: [] },
    {
      clauses: [
        {
          when: 'matched',
          conditions: ['DBT_INTERNAL_SOURCE.seen > DBT_INTERNAL_DEST.seen'],
          action: {
            ...{ kind: 'update some', include: [], exclude: [] },
            set: [['seen', 'DBT_INTERNAL_DEST.seen + 1']],
          },
        },
        { when: 'not matched', conditions: [], action: { kind: 'insert', mode: 'by_name' } },
        {
          when: 'not matched by source',
          conditions: ['DBT_INTERNAL_DEST.name is null', 'true'],
          action: { kind: 'error', message: "it isn't named" },
        },
      ],
    },
  ),
};

describe('the statement', () => {
  test.each(Object.entries(statements))('%s reads as agreed', async (name, statement) => {
    const { text } = compileStatement(statement);
    await expectGolden(name, text);
  });
});
