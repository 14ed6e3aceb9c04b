import { type NodeState, readNodeState, readNodeStates } from '../state/nodes.ts';
import { readDataVersions } from '../steps/land-cursor.ts';
import type { Warehouse } from '../words/warehouse.ts';
import { type Catalog, readCatalog } from './catalog.ts';

/** What stands in the warehouse, as far as decisions about models need it. */
export interface Standing {
  readonly states: ReadonlyMap<string, NodeState>;
  /** Data versions of landed streams, by `connection.stream`. */
  readonly sources: ReadonlyMap<string, string>;
  readonly catalog: Catalog;
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
  forgetNode(id: string): void;
  /** Call after streams were landed. */
  forgetSources(): void;
}

export function createStandingReader(warehouse: Warehouse): StandingReader {
  let known: Promise<Standing> | undefined;
  let staleNodes = new Set<string>();
  let hasStaleSources = false;
  const readAll = async (): Promise<Standing> => {
    const [states, sources, catalog] = await Promise.all([
      readNodeStates(warehouse),
      readDataVersions(warehouse),
      readCatalog(warehouse, warehouse.dialect),
    ]);
    return { states, sources, catalog };
  };
  const refresh = async (
    before: Promise<Standing>,
    nodes: ReadonlySet<string>,
    withSources: boolean,
  ): Promise<Standing> => {
    const { states, sources, catalog } = await before;
    const next = new Map(states);
    for (const id of nodes) {
      const state = await readNodeState(warehouse, id);
      if (state) next.set(id, state);
      else next.delete(id);
    }
    return {
      states: next,
      sources: withSources ? await readDataVersions(warehouse) : sources,
      catalog,
    };
  };
  const forgetStale = (): void => {
    staleNodes = new Set();
    hasStaleSources = false;
  };
  return {
    read() {
      if (known === undefined) known = readAll();
      else if (staleNodes.size > 0 || hasStaleSources) {
        known = refresh(known, staleNodes, hasStaleSources).catch(readAll);
      }
      forgetStale();
      return known;
    },
    forget() {
      known = undefined;
      forgetStale();
    },
    forgetNode(id) {
      staleNodes.add(id);
    },
    forgetSources() {
      hasStaleSources = true;
    },
  };
}
