import type { BuildNode, Materialization } from '../../engine/words/node.ts';
import { checkOf, nodeOf } from './workbench.ts';

/** One select for every materialization: a log that is its own table, audited by one check. */
export function dyingNode(materialization: Materialization): BuildNode {
  const history = {
    uniqueKey: ['id'],
    validAt: 'valid',
    recordedAt: 'recorded',
    changedBy: 'content',
  } as const;
  const checks = [checkOf('id is null')];
  return nodeOf(
    materialization === 'incremental'
      ? 'select id, max(name) as name from log group by id'
      : 'select * from log',
    {
      materialization,
      uniqueKey: ['id'],
      onSchemaChange: 'append_new_columns',
      ...(materialization === 'history' ? { history } : {}),
    },
    { isIncremental: true, checks },
  );
}
