import { toPython } from './jinja/python-value.ts';
import { HostFunction, HostObject, type JinjaValue } from './jinja/values.ts';

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
  const find = (key: JinjaValue): Promise<JinjaValue> | undefined => {
    const kind = kinds.find((one) => one === key);
    if (kind === undefined) return undefined;
    return Promise.resolve(read?.() ?? {}).then((graph) => showKind(graph, kind));
  };
  const get = new HostFunction(
    'get',
    async (args) => (await find(args[0] ?? null)) ?? args[1] ?? null,
  );
  return new HostObject({
    typeName: 'graph',
    text: () => `<graph ${kinds.join(', ')}>`,
    attribute: (name) => (name === 'get' ? get : find(name)),
    item: find,
  });
}
