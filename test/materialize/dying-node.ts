import type { BuildNode, Materialization } from '../../engine/words/node.ts';
import { checkOf, nodeOf } from './workbench.ts';

/** `ungated`: a table that no check judges. */
export type DyingKind = Materialization | 'ungated';

/** One select for every materialization: a log that is its own table, audited by one check. */
export function dyingNode(kind: DyingKind): BuildNode {
  const materialization = kind === 'ungated' ? 'table' : kind;
  const history = {
    uniqueKey: ['id'],
    validAt: 'valid',
    recordedAt: 'recorded',
    changedBy: 'content',
  } as const;
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
  const checks = kind === 'ungated' ? [] : [checkOf('id is null')];
  const newest = 'select id, max(name) as name from log group by id';
  const selects: Partial<Record<Materialization, string>> = {
    incremental: newest,
    identity: `select 'crm' as system, * from (${newest})`,
  };
  return nodeOf(
    selects[materialization] ?? 'select * from log',
    {
      materialization,
      uniqueKey: ['id'],
      onSchemaChange: 'append_new_columns',
      ...(materialization === 'history' ? { history } : {}),
      ...(materialization === 'identity' ? { identity } : {}),
    },
    { isIncremental: true, checks },
  );
}
