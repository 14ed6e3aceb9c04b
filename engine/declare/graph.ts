import { once } from '../words/once.ts';

export const resourceTypes = [
  'model',
  'seed',
  'snapshot',
  'source',
  'test',
  'unit_test',
  'analysis',
  'exposure',
  'semantic_model',
  'metric',
  'saved_query',
  'stream',
  'sync',
] as const;
export type ResourceType = (typeof resourceTypes)[number];

/** What the graph and the selectors need to know of a node; models, streams and syncs alike. */
export interface GraphNode {
  readonly id: string;
  readonly resourceType: ResourceType;
  readonly name: string;
  readonly packageName: string;
  /** The name's path: package, folders, name. */
  readonly fqn: readonly string[];
  /** Relative to the project's root; empty where no file says it. */
  readonly file: string;
  /** Of a package's node: its package's folder, relative to the project's root. */
  readonly packageFolder?: string;
  readonly tags: readonly string[];
  readonly config: Readonly<Record<string, unknown>>;
  /** Ids this node reads. Ids that are no node are ignored. */
  readonly dependsOn: readonly string[];
  /** Sources: the source's name. Streams: the connection's. */
  readonly sourceName?: string;
  /** The YAML file that describes the node. */
  readonly patchFile?: string;
  /** One of several versions of a model, and the one that is meant where none is said. */
  readonly version?: string;
  readonly latestVersion?: string;
  /** Tests: the macro's name, and whether it is generic. */
  readonly testName?: string;
  readonly testType?: 'generic' | 'singular';
}

export interface Graph {
  readonly nodes: ReadonlyMap<string, GraphNode>;
  /** Every node after all it depends on; ties by id. Nodes in a cycle come last, by id. */
  readonly order: readonly string[];
  /** One path per knot of nodes that wait for each other: `a → b → a` as `[a, b, a]`. */
  readonly cycles: readonly (readonly string[])[];
  parentsOf(id: string): readonly string[];
  childrenOf(id: string): readonly string[];
  /** Everything the given nodes are built from, without themselves; `depth` 1 is the parents. */
  ancestorsOf(ids: Iterable<string>, depth?: number): Set<string>;
  descendantsOf(ids: Iterable<string>, depth?: number): Set<string>;
}

/** One order for all that hold the same nodes, whoever read them. */
export function compareIds(left: { readonly id: string }, right: { readonly id: string }): number {
  return left.id < right.id ? -1 : left.id > right.id ? 1 : 0;
}

export function buildGraph(list: Iterable<GraphNode>): Graph {
  const nodes = new Map<string, GraphNode>();
  for (const node of list) nodes.set(node.id, node);
  const links = linkNodes(nodes);
  const { order, knotted } = orderNodes(nodes, links);
  const cycles = findCycles(knotted, links.parentsOf);
  return createGraph(nodes, [...order, ...knotted], cycles, links);
}

/** The graph of nodes that were put in order before. */
export function restoreGraph(
  list: Iterable<GraphNode>,
  order: readonly string[],
  cycles: Graph['cycles'],
): Graph {
  const nodes = new Map<string, GraphNode>();
  for (const node of list) nodes.set(node.id, node);
  return createGraph(nodes, order, cycles, linkNodes(nodes));
}

/** Ids of the nodes that one reads, or is read by; each once. */
type Neighbours = (id: string) => readonly string[];

type Links = Pick<Graph, 'parentsOf' | 'childrenOf'>;

/**
 * So many nodes are looked through for one in the time in which the children of all are put down.
 */
const scansMax = 3;

/** Who asks for no edge, or for those of a few, has nothing done for all. */
function linkNodes(nodes: ReadonlyMap<string, GraphNode>): Links {
  const parentsOf = (id: string): readonly string[] => {
    const reads = nodes.get(id)?.dependsOn ?? [];
    const known = reads.every((parent) => nodes.has(parent))
      ? reads
      : reads.filter((parent) => nodes.has(parent));
    return known.length > 1 ? [...new Set(known)] : known;
  };
  const children = once(() => {
    const found = new Map<string, string[]>();
    for (const id of nodes.keys()) {
      for (const parent of parentsOf(id)) {
        const known = found.get(parent);
        if (known) known.push(id);
        else found.set(parent, [id]);
      }
    }
    return found;
  });
  const scanned = new Map<string, readonly string[]>();
  const scan = (parent: string): readonly string[] => {
    const found = [...nodes.values()].filter(({ dependsOn }) => dependsOn.includes(parent));
    const ids = found.map(({ id }) => id);
    scanned.set(parent, ids);
    return ids;
  };
  const childrenOf = (id: string): readonly string[] => {
    const known = scanned.get(id);
    if (known || !nodes.has(id)) return known ?? [];
    return scanned.size < scansMax ? scan(id) : (children().get(id) ?? []);
  };
  return { parentsOf, childrenOf };
}

function createGraph(
  nodes: ReadonlyMap<string, GraphNode>,
  order: readonly string[],
  cycles: Graph['cycles'],
  links: Links,
): Graph {
  return {
    nodes,
    order,
    cycles,
    ...links,
    ancestorsOf: (ids, depth) => walk(ids, links.parentsOf, depth),
    descendantsOf: (ids, depth) => walk(ids, links.childrenOf, depth),
  };
}

/** Kahn's algorithm by places in the ids' order; a node's level is the longest way to it. */
function orderNodes(
  nodes: ReadonlyMap<string, GraphNode>,
  { parentsOf }: Links,
): { order: string[]; knotted: string[] } {
  const ids = [...nodes.keys()].sort();
  const places = new Map(ids.map((id, place) => [id, place]));
  const children = ids.map((): number[] => []);
  const waiting = ids.map((id, place) => {
    const parents = parentsOf(id);
    for (const parent of parents) children[places.get(parent) ?? place]?.push(place);
    return parents.length;
  });
  const ready = waiting.flatMap((count, place) => (count === 0 ? place : []));
  const levels = ids.map(() => -1);
  for (const place of ready) levels[place] = 0;
  // Those that become ready are met later by the same loop.
  for (const place of ready) {
    for (const child of children[place] ?? []) {
      waiting[child] = (waiting[child] ?? 0) - 1;
      if (waiting[child] > 0) continue;
      levels[child] = (levels[place] ?? 0) + 1;
      ready.push(child);
    }
  }
  const byLevel = Map.groupBy(ids.keys(), (place) => levels[place] ?? -1);
  const idsOf = (list: readonly number[] = []): string[] => list.map((place) => ids[place] ?? '');
  const knotted = idsOf(byLevel.get(-1));
  byLevel.delete(-1);
  const sorted = [...byLevel].toSorted(([level], [other]) => level - other);
  return { order: sorted.flatMap(([, list]) => idsOf(list)), knotted };
}

/**
 * Nodes left over by the ordering are in a cycle or behind one. A node is in a cycle when it is
 * among its own ancestors; one shortest cycle is reported per knot of mutually waiting nodes.
 */
function findCycles(knotted: readonly string[], parentsOf: Neighbours): string[][] {
  const reported = new Set<string>();
  const cycles: string[][] = [];
  for (const start of knotted) {
    if (reported.has(start)) continue;
    const path = findWayBack(start, parentsOf);
    if (path === undefined) continue;
    cycles.push(turnCycle(path));
    const above = walk([start], parentsOf);
    for (const id of above) if (walk([id], parentsOf).has(start)) reported.add(id);
    reported.add(start);
  }
  return cycles;
}

/** The shortest path from a node over its parents to itself, without the closing repetition. */
function findWayBack(start: string, parentsOf: Neighbours): string[] | undefined {
  const cameFrom = new Map<string, string>();
  let level = [start];
  while (level.length > 0) {
    const next: string[] = [];
    for (const id of level) {
      for (const parent of parentsOf(id)) {
        if (parent === start) {
          const path = [id];
          for (let at = cameFrom.get(id); at !== undefined; at = cameFrom.get(at)) path.push(at);
          return path.reverse();
        }
        if (cameFrom.has(parent)) continue;
        cameFrom.set(parent, id);
        next.push(parent);
      }
    }
    level = next;
  }
  return undefined;
}

/**
 * In the direction data flows, from the smallest id, and closed: independent of where it was met.
 */
function turnCycle(path: readonly string[]): string[] {
  const flow = [...path].reverse();
  const first = flow.indexOf([...flow].sort()[0] ?? '');
  const turned = [...flow.slice(first), ...flow.slice(0, first)];
  return [...turned, ...turned.slice(0, 1)];
}

function walk(ids: Iterable<string>, neighboursOf: Neighbours, depth = Infinity): Set<string> {
  const start = new Set(ids);
  const seen = new Set<string>(start);
  const found = new Set<string>();
  let level = [...start];
  for (let step = 0; step < depth && level.length > 0; step += 1) {
    const next: string[] = [];
    for (const id of level) {
      for (const neighbour of neighboursOf(id)) {
        if (seen.has(neighbour)) {
          continue;
        }
        seen.add(neighbour);
        found.add(neighbour);
        next.push(neighbour);
      }
    }
    level = next;
  }
  return found;
}
