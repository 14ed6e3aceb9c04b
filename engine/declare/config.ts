/** What is said of a node, under dbt's names; also any map of YAML. */
export type Config = Readonly<Record<string, unknown>>;

export function isConfig(value: unknown): value is Config {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

export function asConfig(value: unknown): Config {
  return isConfig(value) ? value : {};
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function asTexts(value: unknown): readonly string[] {
  return value === undefined || value === null ? [] : [value].flat().map(String);
}

/** Lists of these are added up, maps of those merged; anything else the nearer one replaces. */
const addedKeys = new Set(['tags', 'packages', 'pre-hook', 'post-hook']);
const mergedKeys = new Set(['meta', 'docs', 'column_types', 'quoting', 'contract']);
/** Both spellings of a hook are of one list. */
const spellings = new Map([
  ['pre_hook', 'pre-hook'],
  ['post_hook', 'post-hook'],
]);

/** `nearer` wins over `farther`, by dbt's rules. */
export function mergeConfig(farther: Config, nearer: Config): Config {
  const merged: Record<string, unknown> = { ...farther };
  for (const [key, name] of spellings) {
    if (!(key in merged)) continue;
    merged[name] = joinLists(merged[name], merged[key]);
    delete merged[key];
  }
  for (const [key, value] of Object.entries(nearer)) {
    const name = spellings.get(key) ?? key;
    const before = merged[name];
    if (addedKeys.has(name) && before !== undefined) {
      merged[name] = joinLists(before, value);
    } else if (mergedKeys.has(name) && isConfig(before) && isConfig(value)) {
      merged[name] = { ...before, ...value };
    } else {
      merged[name] = value;
    }
  }
  return merged;
}

/** One value is a list of one; null, which an empty key of YAML is, is none. */
const joinLists = (first: unknown, second: unknown): readonly unknown[] =>
  [first ?? [], second ?? []].flat();

/**
 * As dbt joins what is said of a model with what is said of a version of it: maps inside of maps,
 * and lists, the nearer one first.
 */
export function mergeDeep(farther: Config, nearer: Config): Config {
  const merged: Record<string, unknown> = { ...farther };
  for (const [key, value] of Object.entries(nearer)) {
    const before = merged[key];
    if (isConfig(before) && isConfig(value)) merged[key] = mergeDeep(before, value);
    else if (before !== undefined && Array.isArray(value)) merged[key] = joinLists(value, before);
    else merged[key] = value;
  }
  return merged;
}
