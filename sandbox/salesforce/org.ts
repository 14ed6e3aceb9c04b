import type { SandboxClock } from '../clock.ts';
import type { Catalog } from './catalog.ts';
import type { Store } from './store.ts';

/** One Salesforce org: what it is made of, what it holds, who reads and writes it. */
export interface Org {
  catalog: Catalog;
  store: Store;
  clock: SandboxClock;
  organizationId: string;
  /** The user the API signs in as. */
  userId: string;
  username: string;
  /** A person with every permission: fields hidden from the API user are no secret. */
  seesAll?: boolean;
}

/** Who changed a row and when, for its stamps. */
export interface Author {
  userId: string;
  stamp: string;
}

/** The API user, now. */
export function authorNow(org: Org): Author {
  return { userId: org.userId, stamp: org.store.stamp() };
}
