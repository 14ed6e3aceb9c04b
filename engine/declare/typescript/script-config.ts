import type { NodeConfig } from '../../words/node.ts';
import type { Config } from '../config.ts';
import type { Script } from './read-scripts.ts';

/** What the file itself says of its config, as `config(...)` would in SQL. */
export function configOfScript({ definition }: Script): Config {
  const { mode, key, by, config } = definition;
  const uniqueKey = key.length > 0 ? key : by;
  return {
    ...(mode === 'keyed' ? { materialized: 'incremental' } : {}),
    ...(uniqueKey.length > 0 ? { unique_key: uniqueKey } : {}),
    ...config,
  };
}

/** A function's rows are kept: they cannot be asked for anew by every reader. */
export function complainOfScript({ definition }: Script, config: NodeConfig): string[] {
  const { materialization, incrementalStrategy, uniqueKey } = config;
  if (!['table', 'incremental', 'history'].includes(materialization)) {
    return [
      `a model in TypeScript cannot be materialized as "${materialization}" (one of table, incremental, history)`,
    ];
  }
  if (incrementalStrategy === 'microbatch') {
    return ['a model in TypeScript cannot be a microbatch: use runKey, or another strategy'];
  }
  if (materialization === 'incremental' && definition.mode === 'set' && !uniqueKey) {
    return ['an incremental model in TypeScript needs a key, or its rows are added twice'];
  }
  return [];
}
