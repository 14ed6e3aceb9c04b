import { asConfig, type Config, isConfig, mergeConfig } from './config.ts';

/**
 * Config that holds for whole folders. Written as `dbt_project.yml` writes it (a tree of folders
 * with `+key: value`), or as a `_config.yml` in the folder itself with the keys alone.
 */
export interface FolderConfigs {
  /** `fqn` is the node's path: package, folders, name. The nearest folder wins. */
  configOf(fqn: readonly string[]): Config;
  add(fqn: readonly string[], config: Config): void;
}

/** Keys whose value is itself a map; any other map without `+` is a folder. */
const mapKeys = new Set(['meta', 'docs', 'grants', 'persist_docs', 'contract', 'quoting']);

/** Whether the map under a key is config, and no folder. */
export const isConfigMap = (key: string): boolean => key.startsWith('+') || mapKeys.has(key);

const separator = '\u0000';

export function collectFolderConfigs(): FolderConfigs {
  const byFolder = new Map<string, Config>();
  return {
    add: (fqn, config) => {
      const key = fqn.join(separator);
      byFolder.set(key, mergeConfig(byFolder.get(key) ?? {}, config));
    },
    configOf: (fqn) => {
      let merged: Config = {};
      for (let length = 0; length <= fqn.length; length += 1) {
        const config = byFolder.get(fqn.slice(0, length).join(separator));
        if (config) merged = mergeConfig(merged, config);
      }
      return merged;
    },
  };
}

/** Reads one tree of `dbt_project.yml` (`models:`, `seeds:`, …). */
export function addFolderTree(
  folders: FolderConfigs,
  tree: unknown,
  path: readonly string[] = [],
): void {
  const here: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(asConfig(tree))) {
    if (key.startsWith('+')) here[key.slice(1)] = value;
    else if (isConfig(value) && !mapKeys.has(key)) addFolderTree(folders, value, [...path, key]);
    else here[key] = value;
  }
  if (Object.keys(here).length > 0) folders.add(path, here);
}

/** Keys of a `_config.yml`: with or without dbt's plus sign. */
export function plainKeys(config: unknown): Config {
  return Object.fromEntries(
    Object.entries(asConfig(config)).map(([key, value]) => [key.replace(/^\+/, ''), value]),
  );
}
