import {
  type NodeState,
  type PlacedNode,
  readNodeState,
  readNodeStates,
  stateKeyOf,
} from '../state/nodes.ts';
import { readDataVersions } from '../steps/land-cursor.ts';
import type { Warehouse } from '../words/warehouse.ts';
import { type Catalog, readCatalog } from './catalog.ts';

/** What stands in the warehouse, as far as decisions about models need it. */
export interface Standing {
  /** By `stateKeyOf`. */
  readonly states: ReadonlyMap<string, NodeState>;
  /** Data versions of landed streams, by `connection.stream`. */
  readonly sources: ReadonlyMap<string, string>;
  /** As it was when it was read: of what was built since, only the schemas are known. */
  readonly catalog: Catalog;
  /** Schemas that are certainly there. */
  readonly schemas: ReadonlySet<string>;
}

/**
 * Reads it once; later only what somebody has said may have changed, so that a run of a thousand
 * models does not read a thousand models' columns a thousand times.
 */
export interface StandingReader {
  read(): Promise<Standing>;
  /** Call after whatever may have written anywhere. */
  forget(): void;
  /** Call after a build that wrote nothing but its node. */
  forgetNode(node: PlacedNode): void;
  /** As `forgetNode`, where it is known what is remembered of the node now. */
  noteBuilt(node: PlacedNode, state: NodeState): void;
  /** Call after streams were landed. */
  forgetSources(): void;
}

interface Known extends Standing {
  readonly states: Map<string, NodeState>;
  readonly schemas: Set<string>;
}

export function createStandingReader(warehouse: Warehouse): StandingReader {
  let known: Promise<Known> | undefined;
  /** What `known` came to, unless it is being read. */
  let settled: Known | undefined;
  let staleNodes = new Map<string, PlacedNode>();
  let hasStaleSources = false;
  const readAll = async (): Promise<Known> => {
    const [states, sources, catalog] = await Promise.all([
      readNodeStates(warehouse),
      readDataVersions(warehouse),
      readCatalog(warehouse, warehouse.dialect),
    ]);
    return { states, sources, catalog, schemas: new Set(catalog.schemas) };
  };
  const refresh = async (
    before: Promise<Known>,
    nodes: ReadonlyMap<string, PlacedNode>,
    withSources: boolean,
  ): Promise<Known> => {
    const now = await before;
    for (const [key, node] of nodes) {
      const state = await readNodeState(warehouse, node);
      if (state) now.states.set(key, state);
      else now.states.delete(key);
    }
    return withSources ? { ...now, sources: await readDataVersions(warehouse) } : now;
  };
  const keep = (reading: Promise<Known>): Promise<Known> => {
    known = reading;
    settled = undefined;
    const settle = (now: Known): void => {
      if (known === reading) settled = now;
    };
    reading.then(settle, () => undefined);
    return reading;
  };
  const forgetStale = (): void => {
    staleNodes = new Map();
    hasStaleSources = false;
  };
  return {
    read() {
      const nodes = staleNodes;
      const withSources = hasStaleSources;
      forgetStale();
      if (known === undefined) return keep(readAll());
      if (nodes.size === 0 && !withSources) return known;
      return keep(refresh(known, nodes, withSources).catch(readAll));
    },
    forget() {
      known = undefined;
      settled = undefined;
      forgetStale();
    },
    forgetNode(node) {
      staleNodes.set(stateKeyOf(node), node);
    },
    noteBuilt(node, state) {
      settled?.schemas.add(node.relation.schema);
      if (settled) settled.states.set(stateKeyOf(node), state);
      else staleNodes.set(stateKeyOf(node), node);
    },
    forgetSources() {
      hasStaleSources = true;
    },
  };
}
