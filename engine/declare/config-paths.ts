import { didYouMean } from '../words/suggest.ts';
import { isConfigMap } from './folder-config.ts';
import type { GraphNode, ResourceType } from './graph.ts';
import type { FaultList, Place } from './model-fault.ts';
import { asConfig, isConfig } from './properties.ts';
import type { YamlFile } from './yaml-file.ts';

/** A place of the tree of folders in `dbt_project.yml` that config stands at. */
export interface ConfigPath {
  readonly kind: ResourceType;
  /** The beginning of an `fqn`: package, folders, name; empty: all of that kind. */
  readonly path: readonly string[];
  readonly place: Place;
}

const kindOf: Readonly<Record<string, ResourceType>> = {
  models: 'model',
  seeds: 'seed',
  snapshots: 'snapshot',
  sources: 'source',
  tests: 'test',
  data_tests: 'test',
  unit_tests: 'unit_test',
  exposures: 'exposure',
  metrics: 'metric',
  'semantic-models': 'semantic_model',
  'saved-queries': 'saved_query',
};

const built: ReadonlySet<ResourceType> = new Set(['model', 'seed', 'snapshot']);

/** Where config stands, with folders of folders; a folder that only holds others is none. */
export function listConfigPaths(yaml: YamlFile): ConfigPath[] {
  const found: ConfigPath[] = [];
  const visit = (key: string, kind: ResourceType, tree: unknown, path: readonly string[]): void => {
    const entries = Object.entries(asConfig(tree));
    const isFolder = ([name, value]: [string, unknown]) => isConfig(value) && !isConfigMap(name);
    for (const [name, value] of entries.filter(isFolder)) visit(key, kind, value, [...path, name]);
    const own = entries.filter((entry) => !isFolder(entry)).map(([name]) => name);
    // Of what is not built, only what is switched on is known here.
    const isUnknown = !built.has(kind) && own.some((name) => /^\+?enabled$/.test(name));
    if (own.length > 0 && !isUnknown)
      found.push({ kind, path, place: yaml.placeOf([key, ...path], 'key') });
  };
  for (const [key, kind] of Object.entries(kindOf)) {
    visit(key, kind, asConfig(yaml.value)[key], []);
  }
  return found;
}

type Named = Pick<GraphNode, 'resourceType' | 'fqn'>;

/**
 * Config that applies to nothing: most often a folder that was renamed, and whose config was not.
 * `disabled` are nodes that are switched off: what switches them off applies to them.
 */
export function reportUnusedConfig(
  paths: readonly ConfigPath[],
  nodes: Iterable<Named>,
  disabled: Iterable<Named>,
  faults: FaultList,
): void {
  if (paths.length === 0) return;
  const known = new Map<ResourceType, Set<string>>();
  const note = (kind: ResourceType, fqn: readonly string[]): void => {
    const prefixes = known.get(kind) ?? new Set();
    known.set(kind, prefixes);
    for (let length = 0; length <= fqn.length; length += 1) {
      prefixes.add(fqn.slice(0, length).join('.'));
    }
  };
  for (const { resourceType, fqn } of nodes) note(resourceType, fqn);
  for (const { resourceType, fqn } of disabled) {
    note(resourceType, fqn);
    // Its tests are off with it, and are not among the nodes.
    note('test', fqn.slice(0, -1));
  }
  for (const { kind, path, place } of paths) {
    const prefixes = known.get(kind);
    const name = path.join('.');
    if (prefixes?.has(name)) continue;
    const what = path.length === 0 ? `config of ${kind}s` : `config of ${kind}s at ${name}`;
    const meant = didYouMean(name, [...(prefixes ?? [])]);
    faults.warn(place, `this ${what} applies to none: there is no such ${kind}${meant}`, {
      hint: 'a path is the name of the project or package, then folders below those of its kind',
      name: 'UnusedResourceConfigPath',
    });
  }
}
