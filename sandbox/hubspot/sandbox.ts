import { createClock, type SandboxClock } from '../clock.ts';
import type { Row } from '../control.ts';
import { createFaults, type Faults } from '../faults.ts';
import { type CallCounter, startServer } from '../server.ts';
import type { Account } from './account.ts';
import { createAssociationKinds } from './association-kinds.ts';
import { createAssociations } from './associations.ts';
import { createCatalog } from './catalog.ts';
import { defineSchema, type HubSpotSchema } from './definition.ts';
import { errorReply, HubSpotRefusal, limitReply } from './error-reply.ts';
import { createHistory } from './history.ts';
import { loadFolder, loadRecords } from './loading.ts';
import { openMetadata, saveMetadata } from './metadata-store.ts';
import { createMinting } from './minting.ts';
import { actAsPerson, createPerson, type Person } from './person.ts';
import { createQuota, defaultLimits, type Quota } from './quota.ts';
import { viewRecord } from './record-view.ts';
import { createRecords } from './records.ts';
import { createRouter, nameRoute } from './router.ts';
import { createSearch } from './search.ts';
import { createSignIn, type SignIn } from './sign-in.ts';
import { createStore } from './store.ts';

export interface HubSpotSandboxOptions {
  /** Left out or 0: any free port. */
  port?: number;
  clock?: SandboxClock;
  /** Decides ids and tokens: the same seed and loads give the same. */
  seed?: number;
  /** Keeps the account in this database file; in memory when left out. */
  file?: string;
  /** The private-app token; made from the seed when left out. */
  token?: string;
  dailyCalls?: number;
  tenSecondlyCalls?: number;
  searchPerSecond?: number;
  /** Rows one search can reach; HubSpot's is 10,000, tests lower it. */
  searchCap?: number;
  /** How long a write stays out of search. */
  searchLagMs?: number;
  /** Whether search's 429 carries a policyName (documented) or not (recorded; the default). */
  isSearchPolicyNamed?: boolean;
  /** Whether a merge gives the survivor a new id. */
  mergeMintsNewId?: boolean;
  /** The account's zone: the daily limit resets at its midnight. */
  timeZone?: string;
  portalId?: number;
}

export interface HubSpotSandbox {
  url: string;
  port: number;
  clock: SandboxClock;
  faults: Faults;
  calls: CallCounter;
  /** The private-app token. */
  token: string;
  /** OAuth: the app's credentials, and controls to revoke scopes and tokens. */
  signIn: Pick<SignIn, 'app' | 'grantScope' | 'revokeScope' | 'revokeTokens'>;
  revokeScope(scope: string): void;
  setLimits: Quota['setLimits'];
  define(schema: HubSpotSchema): void;
  /** Rows with properties at the top level; `id`, stamps and `archived` are kept where given. */
  load(type: string, rows: Iterable<Row>): number;
  /** Rows of from_type, from_id, to_type, to_id and optional type_id, category. */
  associate(rows: Iterable<Row>): number;
  loadFolder(folder: string): Promise<number>;
  person: Person;
  /** All records, archived ones included; `associations` gives every relation. */
  rows(type: string): Iterable<Row>;
  /** Live records. */
  count(type: string): number;
  close(): Promise<void>;
}

const defaults = {
  seed: 1,
  searchCap: 10_000,
  timeZone: 'America/New_York',
  portalId: 8_675_309,
} as const;

/** Serves one HubSpot account on the loopback interface. */
export async function startHubSpotSandbox(
  options: HubSpotSandboxOptions = {},
): Promise<HubSpotSandbox> {
  const clock = options.clock ?? createClock();
  const account = openAccount(options, clock);
  const { minting, store } = account;
  const { portalId } = account.catalog;
  const signIn = createSignIn(clock, minting, portalId, options.token);
  const limits = {
    daily: options.dailyCalls ?? defaultLimits.daily,
    tenSecondly: options.tenSecondlyCalls ?? defaultLimits.tenSecondly,
    searchPerSecond: options.searchPerSecond ?? defaultLimits.searchPerSecond,
  };
  const quota = createQuota(clock, limits, account.timeZone);
  const faults = createFaults();
  const person = createPerson(account);
  const isSearchPolicyNamed = options.isSearchPolicyNamed ?? false;
  const define = (schema: unknown): void => defineSchema(account, schema);
  const load = (type: string, rows: Iterable<Row>): number => loadRecords(account, type, rows);
  const rows = (type: string): Iterable<Row> => listRows(account, type);
  const count = (type: string): number =>
    type === 'associations' ? account.associations.count() : store.count(account.catalog.get(type));
  const server = await startServer({
    port: options.port ?? 0,
    faults,
    faultReply: (kind) => replyToFault(kind, minting.nextUuid()),
    handle: createRouter({ account, signIn, quota, isSearchPolicyNamed }),
    routeName: nameRoute,
    control: {
      clock,
      define,
      load,
      rows,
      count,
      person: (action) => actAsPerson(person, action),
    },
  });
  return {
    url: server.url,
    port: server.port,
    clock,
    faults,
    calls: server.calls,
    token: signIn.token,
    signIn,
    revokeScope: signIn.revokeScope,
    setLimits: quota.setLimits,
    define,
    load,
    associate: (links) => load('associations', links),
    loadFolder: (folder) => loadFolder(account, folder),
    person,
    rows,
    count,
    async close() {
      await server.close();
      store.close();
    },
  };
}

function openAccount(options: HubSpotSandboxOptions, clock: SandboxClock): Account {
  const minting = createMinting(options.seed ?? defaults.seed);
  const catalog = createCatalog(options.portalId ?? defaults.portalId, clock.now());
  const store = createStore(clock, options.searchLagMs ?? 0, options.file);
  const kinds = createAssociationKinds(catalog);
  openMetadata(store, catalog, kinds, minting);
  const history = createHistory(store);
  const associations = createAssociations(store, catalog, kinds);
  return {
    clock,
    minting,
    catalog,
    store,
    history,
    kinds,
    associations,
    records: createRecords({ catalog, store, history, associations, minting, clock }),
    search: createSearch(store, options.searchCap ?? defaults.searchCap),
    mergeMintsNewId: options.mergeMintsNewId ?? false,
    timeZone: options.timeZone ?? defaults.timeZone,
    saveMetadata: () => saveMetadata(store, catalog, kinds),
  };
}

function* listRows(account: Account, type: string): Iterable<Row> {
  if (type === 'associations') {
    for (const row of account.associations.each()) yield { ...row };
    return;
  }
  const object = account.catalog.get(type);
  for (const record of account.store.each(object)) yield viewRecord(account, object, record);
}

function replyToFault(
  kind: 'rate_limit' | 'server_error' | 'expired_token',
  correlationId: string,
) {
  switch (kind) {
    case 'rate_limit':
      return limitReply('TEN_SECONDLY_ROLLING', correlationId);
    case 'expired_token': {
      const message = 'The OAuth token used to make this call expired 1 second(s) ago.';
      const refusal = new HubSpotRefusal(401, message, { category: 'EXPIRED_AUTHENTICATION' });
      return errorReply(refusal, correlationId);
    }
    case 'server_error': {
      // Gateways in front of the API answer in their own words, not in JSON.
      const body = '<html><body><h1>502 Bad Gateway</h1></body></html>';
      return { status: 502, headers: { 'content-type': 'text/html' }, body };
    }
  }
}
