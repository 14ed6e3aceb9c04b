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

/** Reads it once and again only after somebody has said that something changed. */
export interface StandingReader {
  read(): Promise<Standing>;
  /** Call after whatever wrote to the warehouse. */
  forget(): void;
  /**
   * Call after a build that wrote nothing but its node: what it left is read alone, so that a run
   * of a thousand models does not read a thousand models' columns a thousand times.
   */
  forgetNode(id: string): void;
}

async function rereadNode(
  warehouse: Warehouse,
  before: Promise<Standing>,
  id: string,
): Promise<Standing> {
  const { states, ...rest } = await before;
  const next = new Map(states);
  const state = await readNodeState(warehouse, id);
  if (state) next.set(id, state);
  else next.delete(id);
  return { ...rest, states: next };
}

export function createStandingReader(warehouse: Warehouse): StandingReader {
  let known: Promise<Standing> | undefined;
  const readAll = async (): Promise<Standing> => {
    const [states, sources, catalog] = await Promise.all([
      readNodeStates(warehouse),
      readDataVersions(warehouse),
      readCatalog(warehouse, warehouse.dialect),
    ]);
    return { states, sources, catalog };
  };
  return {
    read: () => {
      known ??= readAll();
      return known;
    },
    forget: () => {
      known = undefined;
    },
    forgetNode: (id) => {
      if (known === undefined) return;
      const next = rereadNode(warehouse, known, id).catch(readAll);
      known = next;
      // Who reads next meets the failure; nobody may be there to read.
      next.catch(() => undefined);
    },
  };
}
