import { toPython } from './jinja/python-value.ts';
import type { HostObject, JinjaValue } from './jinja/values.ts';
import { mappingValue } from './mapping-value.ts';

/** The kinds of things in dbt's `graph`, each a map by unique id. */
const kinds = [
  'nodes',
  'sources',
  'exposures',
  'metrics',
  'groups',
  'semantic_models',
  'saved_queries',
] as const;

/** dbt's manifest of the project, as plain values. */
export type ReadGraph = () => Promise<Readonly<Record<string, unknown>>>;

type Graph = Readonly<Record<string, unknown>>;

/**
 * What templates see of a graph, by kind: made once, since some look a node up for every node. As
 * in dbt, all templates share it.
 */
const shown = new WeakMap<Graph, Map<string, JinjaValue>>();

function showKind(graph: Graph, kind: string): JinjaValue {
  const known = shown.get(graph) ?? new Map<string, JinjaValue>();
  shown.set(graph, known);
  const value = known.get(kind) ?? toPython(graph[kind] ?? {});
  known.set(kind, value);
  return value;
}

/** `graph` of templates: read when it is first looked into, since few templates ever do. */
export function graphValue(read: ReadGraph | undefined): HostObject {
  return mappingValue('graph', {
    names: () => kinds,
    find: (name) => {
      const kind = kinds.find((one) => one === name);
      if (kind === undefined) return undefined;
      return Promise.resolve(read?.() ?? {}).then((graph) => showKind(graph, kind));
    },
  });
}
