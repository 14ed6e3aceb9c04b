import type { SandboxClock } from '../clock.ts';
import type { AssociationKinds } from './association-kinds.ts';
import type { Associations } from './associations.ts';
import type { Catalog, ObjectDefinition } from './catalog.ts';
import { refuseInput } from './error-reply.ts';
import type { PropertyHistory } from './history.ts';
import type { Minting } from './minting.ts';
import type { Records } from './records.ts';
import type { Search } from './search.ts';
import type { Store } from './store.ts';

/** One HubSpot account: what every route works on. */
export interface Account {
  clock: SandboxClock;
  minting: Minting;
  catalog: Catalog;
  store: Store;
  records: Records;
  history: PropertyHistory;
  kinds: AssociationKinds;
  associations: Associations;
  search: Search;
  /** Whether a merge gives the survivor a new id. */
  mergeMintsNewId: boolean;
  timeZone: string;
  /** Keeps changed metadata where the records are. */
  saveMetadata(): void;
}

/** The object a path names, or HubSpot's refusal. */
export function findObject(account: Account, type: string): ObjectDefinition {
  const object = account.catalog.find(type);
  if (object !== undefined) return object;
  throw refuseInput(`Unable to infer object type from: ${type}`);
}
