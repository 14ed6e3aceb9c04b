import { didYouMean } from '../words/suggest.ts';
import type { GraphNode } from './graph.ts';

type Method = (node: GraphNode, value: string, path: readonly string[]) => boolean;

/** What may stand before the colon of a selector; `config` takes the key's path after a dot. */
export const selectorMethods: Readonly<Record<string, Method>> = {
  fqn: (node, value) => node.resourceType !== 'source' && matchesFqn(node, value),
  tag: (node, value) => node.tags.some((tag) => matchesPattern(tag, value)),
  path: (node, value) => matchesPath(node, value, () => true),
  file: (node, value) => {
    const base = node.file.slice(node.file.lastIndexOf('/') + 1);
    return matchesPattern(base, value) || matchesPattern(base.replace(/\.[^.]*$/, ''), value);
  },
  package: (node, value) => matchesPattern(node.packageName, value),
  source: (node, value) => matchesSource(node, value),
  stream: (node, value) =>
    node.resourceType === 'stream' &&
    (matchesGlob(`${node.sourceName ?? ''}.${node.name}`, value) ||
      matchesGlob(node.sourceName ?? '', value)),
  sync: (node, value) => node.resourceType === 'sync' && matchesGlob(node.name, value),
  exposure: (node, value) => node.resourceType === 'exposure' && matchesName(node, value),
  unit_test: (node, value) => node.resourceType === 'unit_test' && matchesName(node, value),
  config: (node, value, path) => matchesConfig(node, path, value),
  resource_type: (node, value) => node.resourceType === value,
  test_type: (node, value) => matchesTestType(node, value),
  test_name: (node, value) =>
    (node.testName !== undefined &&
      node.testType === 'generic' &&
      matchesPattern(node.testName, value)) ||
    (node.resourceType === 'unit_test' && matchesPattern(node.name, value)),
  group: (node, value) =>
    node.resourceType !== 'exposure' &&
    typeof node.config['group'] === 'string' &&
    matchesPattern(node.config['group'], value),
  access: (node, value) =>
    node.resourceType === 'model' && (node.config['access'] ?? 'protected') === value,
  version: (node, value) => node.resourceType === 'model' && matchesVersion(node, value),
  metric: (node, value) => node.resourceType === 'metric' && matchesName(node, value),
  semantic_model: (node, value) =>
    node.resourceType === 'semantic_model' && matchesName(node, value),
  saved_query: (node, value) => node.resourceType === 'saved_query' && matchesName(node, value),
};

/** Methods that compare with an earlier state: the graph alone has no answer. */
export const stateMethods: readonly string[] = ['state', 'result', 'source_status'];

/** Undefined where the method is known here, or is one of the others. */
export function complainOfMethod(method: string, others = stateMethods): string | undefined {
  const [name = '', ...path] = method.split('.');
  const isOurs = Object.hasOwn(selectorMethods, name) && (name === 'config') === path.length > 0;
  if (isOurs || others.includes(method)) return undefined;
  if (method === 'config') return 'the method "config" without a key, as in config.materialized';
  const names = [...Object.keys(selectorMethods), 'config.materialized', ...others];
  const known = [...new Set(names)].sort();
  return `the unknown method "${name}"${didYouMean(name, known)} (methods: ${known.join(', ')})`;
}

/**
 * The name alone, or its path of folders with or without the package,
 * from the front. From the first step with a `*` on, the rest is matched as one text, as in dbt.
 */
function matchesFqn(node: GraphNode, value: string): boolean {
  const { fqn, version } = node;
  if (version === undefined) {
    if (fqn.at(-1) === value) return true;
  } else if (
    fqn.at(-2) === value ||
    fqn.slice(-2).join('_') === value.split('.').slice(-2).join('_')
  ) {
    return true;
  }
  const wanted = value.split('.');
  return startsLike(fqn, wanted) || startsLike(fqn.slice(1), wanted);
}

function startsLike(fqn: readonly string[], wanted: readonly string[]): boolean {
  const steps = fqn.flatMap((part) => part.split('.'));
  if (steps.length < wanted.length) return false;
  const wild = wanted.findIndex((part) => /[*?[\]]/.test(part));
  const plain = wild === -1 ? wanted : wanted.slice(0, wild);
  if (!plain.every((part, index) => steps[index] === part)) return false;
  return wild === -1 || matchesPattern(steps.slice(wild).join('.'), wanted.slice(wild).join('.'));
}

/** A name, or a package's name and it. */
function matchesName(node: GraphNode, value: string): boolean {
  const [first = '', second] = value.split('.');
  if (second === undefined) return matchesPattern(node.name, first);
  return matchesPattern(node.packageName, first) && matchesPattern(node.name, second);
}

function matchesTestType(node: GraphNode, value: string): boolean {
  if (value === 'unit') return node.resourceType === 'unit_test';
  if (value === 'data') return node.resourceType === 'test';
  return node.testType === (value === 'schema' ? 'generic' : value);
}

function matchesVersion({ version, latestVersion }: GraphNode, value: string): boolean {
  if (version === undefined) return value === 'none';
  if (value === 'latest') return version === latestVersion;
  const order = compareVersions(version, latestVersion ?? version);
  return value === 'old' ? order < 0 : value === 'prerelease' && order > 0;
}

/** Numbers by their value, any other text by its letters. */
function compareVersions(left: string, right: string): number {
  const difference = Number(left) - Number(right);
  return Number.isNaN(difference) ? left.localeCompare(right) : difference;
}

function matchesSource(node: GraphNode, value: string): boolean {
  if (node.sourceName === undefined) return false;
  const parts = value.split('.');
  const [source = '', table = '*'] = parts.length > 2 ? parts.slice(1) : parts;
  if (parts.length > 2 && !matchesPattern(node.packageName, parts[0] ?? '')) return false;
  return matchesPattern(node.sourceName, source) && matchesPattern(node.name, table);
}

/**
 * The file of a node, the YAML that describes it, or a folder above its file. A package's files
 * count as if they stood in the project, where the project has such a file or folder: as in dbt.
 */
export function matchesPath(
  { file, patchFile, packageFolder }: GraphNode,
  value: string,
  isThere: (path: string) => boolean,
): boolean {
  if (file === '') return false;
  const inside = (path: string): string =>
    packageFolder && path.startsWith(`${packageFolder}/`)
      ? path.slice(packageFolder.length + 1)
      : path;
  const own = inside(file);
  const steps = own.split('/');
  const places = steps.map((_, index) => steps.slice(0, steps.length - index).join('/'));
  if (patchFile !== undefined) places.push(inside(patchFile));
  return places.some(
    (path) => matchesFile(path, value) && (packageFolder === undefined || isThere(path)),
  );
}

function matchesFile(file: string, value: string): boolean {
  const wanted = value.replace(/^\.\//, '').replace(/\/+$/, '');
  return file === wanted || (/[*?[]/.test(wanted) && matchesGlob(file, wanted));
}

/** What holds of every node whose config does not say. */
const standardConfig: Readonly<Record<string, unknown>> = { enabled: true };
const configurable: ReadonlySet<string> = new Set([
  'model',
  'seed',
  'snapshot',
  'analysis',
  'source',
  'test',
]);

function matchesConfig(node: GraphNode, path: readonly string[], value: string): boolean {
  if (!configurable.has(node.resourceType)) return false;
  const standard = node.resourceType === 'test' ? { severity: 'error' } : {};
  let found: unknown = { ...standardConfig, ...standard, ...node.config };
  for (const key of path) {
    if (found === null || typeof found !== 'object') return false;
    found = (found as Record<string, unknown>)[key];
  }
  const isSeverity = path.length === 1 && path[0] === 'severity';
  return [found].flat().some((item) => {
    if (typeof item === 'boolean' || isSeverity) {
      return String(item).toLowerCase() === value.toLowerCase();
    }
    return item === value;
  });
}

/** Python's `fnmatch`: `*` stands for any text, folders and dots included. */
export function matchesPattern(text: string, pattern: string): boolean {
  if (!/[*?[]/.test(pattern)) return text === pattern;
  return matchesGlob(text.replaceAll('/', ':'), pattern.replaceAll('/', ':'));
}

const globs = new Map<string, RegExp>();
const globsMax = 1_000;

/** `*` and `?` within one step of a path, `**` across steps, `[ab]` one of. */
function matchesGlob(text: string, pattern: string): boolean {
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
