import { didYouMean } from '../words/suggest.ts';
import { asConfig, isConfig } from './config.ts';
import { isConfigMap } from './folder-config.ts';
import type { GraphNode, ResourceType } from './graph.ts';
import type { FaultList, Place } from './model-fault.ts';
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

/** Where config stands, with folders of folders; a folder that only holds others is none. */
export function listConfigPaths(yaml: YamlFile): ConfigPath[] {
  const found: ConfigPath[] = [];
  const visit = (key: string, kind: ResourceType, tree: unknown, path: readonly string[]): void => {
    const entries = Object.entries(asConfig(tree));
    const isFolder = ([name, value]: [string, unknown]) => isConfig(value) && !isConfigMap(name);
    for (const [name, value] of entries.filter(isFolder)) visit(key, kind, value, [...path, name]);
    const own = entries.filter((entry) => !isFolder(entry)).map(([name]) => name);
    // Tests of what is off are left out, and are not known here.
    const isUnknown = kind === 'test' && own.some((name) => /^\+?enabled$/.test(name));
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
  const listed = [...nodes];
  const off = [...disabled];
  for (const { kind, path, place } of paths) {
    const isBelow = (fqn: readonly string[]): boolean =>
      path.length <= fqn.length && path.every((part, index) => part === fqn[index]);
    const applies =
      listed.some((node) => isConfiguredBy(kind, node) && isBelow(node.fqn)) ||
      off.some((node) => {
        // Its tests are off with it, and are not among the nodes.
        const isTests = kind === 'test' && isBelow(node.fqn.slice(0, -1));
        return isTests || (isConfiguredBy(kind, node) && isBelow(node.fqn));
      });
    if (applies) continue;
    const name = path.join('.');
    const what = path.length === 0 ? `config of ${kind}s` : `config of ${kind}s at ${name}`;
    const meant = didYouMean(name, prefixesOf(kind, [...listed, ...off]));
    faults.warn(place, `this ${what} applies to none: there is no such ${kind}${meant}`, {
      hint: 'a path is the name of the project or package, then folders below those of its kind',
      name: 'UnusedResourceConfigPath',
    });
  }
}

/** An analysis has the config of models. */
function isConfiguredBy(kind: ResourceType, { resourceType }: Named): boolean {
  return resourceType === kind || (kind === 'model' && resourceType === 'analysis');
}

function prefixesOf(kind: ResourceType, nodes: readonly Named[]): string[] {
  const found = new Set<string>();
  for (const { resourceType, fqn } of nodes) {
    if (resourceType !== kind) continue;
    for (let length = 1; length <= fqn.length; length += 1) {
      found.add(fqn.slice(0, length).join('.'));
    }
  }
  return [...found];
}
