import type { FaultList } from './model-fault.ts';
import type { YamlFile, YamlPath } from './yaml-file.ts';

type Entry = Readonly<Record<string, unknown>>;

/** Where a column may hold its labels: ours, and dbt's two places for `meta`. */
const places: readonly YamlPath[] = [['labels'], ['meta', 'labels'], ['config', 'meta', 'labels']];
const labelPattern = /^[a-z][a-z0-9_-]*$/;

function isEntry(value: unknown): value is Entry {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function valueAt(entry: unknown, path: YamlPath): unknown {
  return path.reduce<unknown>((at, key) => (isEntry(at) ? at[key] : undefined), entry);
}

function entriesAt(entry: unknown, key: string): readonly unknown[] {
  const value = valueAt(entry, [key]);
  return Array.isArray(value) ? value : [];
}

/**
 * Labels a column declares, such as `pii`; undefined where it says nothing of labels. An empty list
 * says that none travels through it.
 */
export function readLabels(column: Entry): readonly string[] | undefined {
  const written = places.map((path) => valueAt(column, path)).filter((value) => value != null);
  if (written.length === 0) return undefined;
  const names = written.flat().filter((name) => typeof name === 'string');
  return [...new Set(names.filter((name) => labelPattern.test(name)))];
}

/** Every label that is none, with its place; names are compared as they are written. */
export function reportLabels(
  yaml: YamlFile,
  faults: FaultList,
  severity: 'error' | 'warning',
): void {
  for (const path of columnPaths(yaml.value)) {
    for (const place of places) reportAt(yaml, [...path, ...place], faults, severity);
  }
}

function reportAt(
  yaml: YamlFile,
  path: YamlPath,
  faults: FaultList,
  severity: 'error' | 'warning',
): void {
  const value = path.reduce<unknown>(
    (at, step) => (at as Readonly<Record<string | number, unknown>> | undefined)?.[step],
    yaml.value,
  );
  if (value === undefined || value === null) return;
  const isList = Array.isArray(value);
  for (const [index, name] of [value].flat().entries()) {
    const isLabel = typeof name === 'string' && labelPattern.test(name);
    if (isLabel && (isList || typeof value === 'string')) continue;
    const found = typeof name === 'string' ? `"${name}"` : 'this';
    const report = severity === 'error' ? faults.error : faults.warn;
    report(yaml.placeOf(isList ? [...path, index] : path), `${found} is no label`, {
      hint: 'a label is a name in lower case, e.g. labels: [pii, consent]',
    });
  }
}

/** The path of every column in a properties file. */
function columnPaths(root: unknown): YamlPath[] {
  const ofNode = (node: unknown, path: YamlPath): YamlPath[] => [
    ...entriesAt(node, 'columns').map((_, index) => [...path, 'columns', index]),
    ...entriesAt(node, 'versions').flatMap((version, index) =>
      ofNode(version, [...path, 'versions', index]),
    ),
    ...entriesAt(node, 'tables').flatMap((table, index) =>
      ofNode(table, [...path, 'tables', index]),
    ),
  ];
  return ['models', 'seeds', 'snapshots', 'sources'].flatMap((kind) =>
    entriesAt(root, kind).flatMap((node, index) => ofNode(node, [kind, index])),
  );
}
