import { type NodeState, readNodeStates } from '../state/nodes.ts';
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
  };
}
