import { type Config, isConfig } from './config.ts';

export interface HookConfig {
  readonly sql: string;
  /** False: it is meant to run outside of the transaction that builds the node. */
  readonly isInside: boolean;
}

/**
 * dbt accepts a text, a map with `sql`, that map as JSON (what `after_commit` answers), or a list
 * of those, under two spellings.
 */
export function readHooks(raw: Config, when: 'pre' | 'post'): HookConfig[] {
  return [raw[`${when}-hook`], raw[`${when}_hook`]].flat().flatMap((written) => {
    const { sql, transaction }: Config = isConfig(written) ? written : toMap(written);
    if (typeof sql !== 'string' || sql.trim() === '') return [];
    return [{ sql, isInside: transaction !== false }];
  });
}

function toMap(written: unknown): Config {
  if (typeof written !== 'string' || !written.trimStart().startsWith('{"')) return { sql: written };
  try {
    const parsed: unknown = JSON.parse(written);
    return isConfig(parsed) ? parsed : { sql: written };
  } catch {
    return { sql: written };
  }
}
