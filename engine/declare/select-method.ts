import type { GraphNode } from './graph.ts';

type Method = (node: GraphNode, value: string, path: readonly string[]) => boolean;

/** What may stand before the colon of a selector; `config` takes the key's path after a dot. */
export const selectorMethods: Readonly<Record<string, Method>> = {
  fqn: (node, value) => matchesFqn(node, value),
  tag: (node, value) => node.tags.some((tag) => matchesGlob(tag, value)),
  path: (node, value) => matchesPath(node.file, value),
  file: (node, value) => {
    const base = node.file.slice(node.file.lastIndexOf('/') + 1);
    return matchesGlob(base, value) || matchesGlob(base.replace(/\.[^.]*$/, ''), value);
  },
  package: (node, value) => matchesGlob(node.packageName, value),
  source: (node, value) => matchesSource(node, value),
  stream: (node, value) =>
    node.resourceType === 'stream' &&
    (matchesGlob(`${node.sourceName ?? ''}.${node.name}`, value) ||
      matchesGlob(node.sourceName ?? '', value)),
  sync: (node, value) => node.resourceType === 'sync' && matchesGlob(node.name, value),
  exposure: (node, value) => node.resourceType === 'exposure' && matchesGlob(node.name, value),
  config: (node, value, path) => matchesConfig(node.config, path, value),
  resource_type: (node, value) => node.resourceType === value,
  test_type: (node, value) => node.testType === value || node.resourceType === `${value}_test`,
  test_name: (node, value) => node.testName !== undefined && matchesGlob(node.testName, value),
  group: (node, value) => node.config['group'] === value,
  access: (node, value) => node.config['access'] === value,
};

/**
 * The name alone, or its path of folders with or without the package, from the front; a `*` stands
 * for any text within one step.
 */
export function matchesFqn(node: GraphNode, value: string): boolean {
  if (matchesGlob(node.fqn.at(-1) ?? '', value)) return true;
  const wanted = value.split('.');
  const flat = node.fqn.flatMap((part) => part.split('.'));
  return startsLike(flat, wanted) || startsLike(flat.slice(1), wanted);
}

function startsLike(steps: readonly string[], wanted: readonly string[]): boolean {
  if (steps.length < wanted.length) return false;
  return wanted.every((part, index) => matchesGlob(steps[index] ?? '', part));
}

function matchesSource(node: GraphNode, value: string): boolean {
  if (node.sourceName === undefined) return false;
  const parts = value.split('.');
  const [source = '', table = '*'] = parts.length > 2 ? parts.slice(1) : parts;
  if (parts.length > 2 && !matchesGlob(node.packageName, parts[0] ?? '')) return false;
  return matchesGlob(node.sourceName, source) && matchesGlob(node.name, table);
}

function matchesPath(file: string, value: string): boolean {
  if (file === '') return false;
  const wanted = value.replace(/^\.\//, '').replace(/\/+$/, '');
  if (file === wanted || file.startsWith(`${wanted}/`)) return true;
  return /[*?[]/.test(wanted) && (matchesGlob(file, wanted) || matchesGlob(file, `${wanted}/**`));
}

function matchesConfig(config: unknown, path: readonly string[], value: string): boolean {
  let found: unknown = config;
  for (const key of path) {
    if (found === null || typeof found !== 'object') return false;
    found = (found as Record<string, unknown>)[key];
  }
  const wanted = value.toLowerCase();
  if (Array.isArray(found)) return found.some((item) => matchesGlob(String(item), value));
  if (found !== null && typeof found === 'object') return Object.hasOwn(found, value);
  if (typeof found === 'boolean') return String(found) === wanted;
  return found !== undefined && found !== null && matchesGlob(String(found), value);
}

const globs = new Map<string, RegExp>();
const globsMax = 1_000;

/** `*` and `?` within one step of a path, `**` across steps, `[ab]` one of. */
export function matchesGlob(text: string, pattern: string): boolean {
  if (!/[*?[]/.test(pattern)) return text === pattern;
  let regexp = globs.get(pattern);
  if (regexp === undefined) {
    if (globs.size >= globsMax) globs.clear();
    regexp = compileGlob(pattern);
    globs.set(pattern, regexp);
  }
  return regexp.test(text);
}

function compileGlob(pattern: string): RegExp {
  const source = pattern.replace(
    /\*\*\/|\*\*|\*|\?|\[(!?)([^\]]+)\]|[\\^$.|+(){}[\]]/g,
    (found, not: string | undefined, set: string | undefined) => {
      if (found === '**/') return '(?:.*/)?';
      if (found === '**') return '.*';
      if (found === '*') return '[^/]*';
      if (found === '?') return '[^/]';
      if (set !== undefined) return `[${not ? '^' : ''}${set.replace(/[\\^\]]/g, '\\$&')}]`;
      return `\\${found}`;
    },
  );
  return new RegExp(`^${source}$`);
}
