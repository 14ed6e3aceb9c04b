import { dirname, join } from 'node:path';
import { snapshotColumns } from '../../engine/declare/snapshot-config.ts';
import type { BuildContext } from '../../engine/steps/build-context.ts';
import type { BuildNode, Check, Materialization, NodeConfig } from '../../engine/words/node.ts';
import { checkOf, contextOf, nodeOf } from './workbench.ts';

/**
 * `ungated`: a table that no check judges. `recorded`: a history of a log that only gains rows.
 * `reshaped`: an increment whose select may gain columns. `hooked`: a table with hooks.
 */
export type DyingKind = Materialization | 'ungated' | 'recorded' | 'reshaped' | 'hooked';

const history = { uniqueKey: ['id'], validAt: 'valid', recordedAt: 'recorded' } as const;
const identity = {
  canonicalId: 'thing_id',
  system: 'system',
  recordId: 'id',
  primaryBy: [],
  rules: [
    {
      name: 'name',
      kind: 'exact',
      keys: ['name'],
      score: 1,
      blockRecordsMax: 100,
      acrossSystems: false,
      agree: [],
    },
  ],
} as const;
const snapshot = {
  uniqueKey: ['id'],
  strategy: 'check',
  hardDeletes: 'new_record',
  columnNames: snapshotColumns,
} as const;
const newest = 'select id, max(name) as name from log group by id';

const kinds: Partial<Record<DyingKind, { select?: string; config: Partial<NodeConfig> }>> = {
  ungated: { config: { materialization: 'table' } },
  hooked: {
    config: { materialization: 'table', preHooks: ['select 1'], postHooks: ['select 2'] },
  },
  incremental: { select: newest, config: { materialization: 'incremental' } },
  reshaped: {
    select: 'select id, max(columns(* exclude (id))) from log group by id',
    config: { materialization: 'incremental', onSchemaChange: 'append_new_columns' },
  },
  history: {
    config: { materialization: 'history', history: { ...history, changedBy: 'content' } },
  },
  recorded: {
    config: { materialization: 'history', history: { ...history, changedBy: 'recorded' } },
  },
  identity: {
    select: `select 'crm' as system, * from (${newest})`,
    config: { materialization: 'identity', identity },
  },
  snapshot: { select: newest, config: { materialization: 'snapshot', snapshot } },
};

/** One select for every materialization: a log that is its own table, audited by one check. */
export function dyingNode(kind: DyingKind, check: Check = checkOf('id is null')): BuildNode {
  const { select = 'select * from log', config } = kinds[kind] ?? {
    config: { materialization: kind as Materialization },
  };
  const checks = kind === 'ungated' ? [] : [check];
  return nodeOf(select, { uniqueKey: ['id'], ...config }, { isIncremental: true, checks });
}

/** Where the rows of a seed are, beside the warehouse: the log's under its columns. */
export const seedFile = (warehousePath: string): string => join(dirname(warehousePath), 'log.csv');

/** Held still: what a snapshot writes does not hang on when it was killed. */
export function dyingContext(kind: DyingKind, warehousePath: string, runId: string): BuildContext {
  const columns = [
    { name: 'id', type: 'string' },
    { name: 'valid', type: 'integer' },
    { name: 'recorded', type: 'integer' },
    { name: 'name', type: 'string' },
  ] as const;
  const seed = { path: seedFile(warehousePath), columns };
  const boundaryMs = Date.UTC(2026, 0, runId === 'first' ? 1 : 2);
  return contextOf({ runId, boundaryMs, ...(kind === 'seed' ? { seed } : {}) });
}
