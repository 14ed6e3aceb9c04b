import { createClock, type SandboxClock } from '../clock.ts';
import type { PersonAction, Row } from '../control.ts';
import { createFaults, type Faults } from '../faults.ts';
import { listDataFiles, readDataFile, readSchemaFile } from '../folder.ts';
import {
  type CallCounter,
  type SandboxReply,
  type SandboxRequest,
  startServer,
} from '../server.ts';
import { createBulkIngest } from './bulk-ingest.ts';
import { createBulkQuery } from './bulk-query.ts';
import { createCatalog } from './catalog.ts';
import { mintId } from './id.ts';
import { loadRows } from './loader.ts';
import { createOAuth, type OAuth } from './oauth.ts';
import type { Org } from './org.ts';
import { actAsPerson, createPerson, type Person } from './person.ts';
import { createQueryReader } from './query.ts';
import { addLimits, answerRequest, nameRoute, type Services } from './router.ts';
import type { SandboxObject, SchemaDefinition } from './schema.ts';
import { createStore, quote, type Store } from './store.ts';
import { createUsage } from './usage.ts';
import { printJson } from './value.ts';

export type { Person } from './person.ts';
export type { FieldDefinition, ObjectDefinition, SchemaDefinition } from './schema.ts';

export interface SalesforceOptions {
  port?: number;
  clock?: SandboxClock;
  /** The same seed and loads give the same ids and tokens. */
  seed?: number;
  /** SQLite file for the rows; a temporary one when left out. */
  file?: string;
  dailyCalls?: number;
  /** Rows on a REST page at most; below 200 only to make tests small. */
  pageSizeMax?: number;
  bulkPageSizeMax?: number;
  clientId?: string;
  clientSecret?: string;
  /** An access token ends when unused for this long on the sandbox clock; two hours by default. */
  sessionMs?: number;
}

export interface SalesforceSandbox {
  url: string;
  port: number;
  clock: SandboxClock;
  faults: Faults;
  calls: CallCounter;
  clientId: string;
  clientSecret: string;
  username: string;
  oauth: Pick<OAuth, 'expireAll' | 'issueRefreshToken' | 'registerKey'>;
  define(schema: SchemaDefinition): void;
  load(object: string, rows: Iterable<Row>): number;
  /**
   * Loads `schema.json` and `<Object>.csv|.json|.ndjson` from a folder. Returns rows per object.
   */
  loadFolder(folder: string): Promise<Record<string, number>>;
  person: Person;
  /** Takes a field or an object away from the API user; `show` gives all of an object back. */
  hideField(object: string, field: string): void;
  dropObject(object: string): void;
  show(object: string): void;
  /** All rows as REST prints them, deleted ones included, formula fields too. */
  rows(object: string): Iterable<Row>;
  /** Rows that are not deleted. */
  count(object: string): number;
  close(): Promise<void>;
}

const defaults = { clientId: 'sandbox-client', clientSecret: 'sandbox-secret' };
const username = 'integration@sandbox.example';
/** The colleague whose edits are not the API's: rows show another LastModifiedById. */
const personName = 'dana@sandbox.example';
const personId = mintId('005', 'xx', 2);

/** Starts a Salesforce org on the loopback interface. */
export async function startSalesforceSandbox(
  options: SalesforceOptions = {},
): Promise<SalesforceSandbox> {
  const clock = options.clock ?? createClock();
  const seed = options.seed ?? 1;
  const faults = createFaults();
  const org = createOrg(clock, seed, options.file);
  const { clientId, clientSecret } = { ...defaults, ...options };
  const { organizationId, userId } = org;
  const oauth = createOAuth({
    clock,
    seed,
    clientId,
    clientSecret,
    organizationId,
    userId,
    username,
    ...(options.sessionMs === undefined ? {} : { sessionMs: options.sessionMs }),
  });
  let url = '';
  const services: Services = {
    org,
    oauth,
    usage: createUsage(clock, options.dailyCalls),
    reader: createQueryReader(org, options.pageSizeMax),
    bulkQuery: createBulkQuery(org, options.bulkPageSizeMax),
    bulkIngest: createBulkIngest(org, seed),
    url: () => url,
  };
  const controls = createControls(org);
  const server = await startServer({
    ...(options.port === undefined ? {} : { port: options.port }),
    faults,
    faultReply: (kind, request) => addLimits(services, replyWithFault(oauth, kind, request)),
    handle: (request) => answerRequest(services, request),
    routeName: nameRoute,
    control: {
      clock,
      ...controls,
      define: (schema) => controls.define(schema as SchemaDefinition),
      person: (action: PersonAction) => ({ id: actAsPerson(controls.person, action) }),
    },
  });
  url = server.url;
  const { catalog, store } = org;
  return {
    url,
    port: server.port,
    clock,
    faults,
    calls: server.calls,
    clientId,
    clientSecret,
    username,
    oauth,
    ...controls,
    hideField: catalog.hideField,
    dropObject: catalog.dropObject,
    show: catalog.show,
    async close() {
      await server.close();
      store.close();
    },
  };
}

function createOrg(clock: SandboxClock, seed: number, file: string | undefined): Org {
  const catalog = createCatalog();
  const store = createStore({ clock, seed, ...(file === undefined ? {} : { file }) });
  store.fit(catalog.objects.values());
  const organizationId = mintId('00D', 'xx', 1000 + seed);
  const userId = mintId('005', 'xx', 1);
  const org: Org = { catalog, store, clock, organizationId, userId, username };
  const user = catalog.find('User');
  if (user !== undefined && store.find(user, userId) === undefined) {
    const api = { Username: username, FirstName: 'Integration', LastName: 'User', Alias: 'integ' };
    const human = { Username: personName, FirstName: 'Dana', LastName: 'Person', Alias: 'dana' };
    loadRows(org, user, [
      { Id: userId, ...api, Email: username },
      { Id: personId, ...human, Email: personName },
    ]);
  }
  return org;
}

function createControls(org: Org) {
  const { catalog, store } = org;
  const find = (name: string): SandboxObject => {
    const object = catalog.find(name);
    if (object !== undefined) return object;
    const known = [...catalog.objects.values()].map((each) => each.name).join(', ');
    throw new Error(`no object "${name}"; define it first, or use one of ${known}`);
  };
  const define = (schema: SchemaDefinition): void => store.fit(catalog.define(schema));
  const load = (object: string, rows: Iterable<Row>): number => loadRows(org, find(object), rows);
  return {
    define,
    load,
    person: createPerson(org, personId),
    rows: (object: string) => readAll(store, find(object)),
    count(object: string) {
      store.purge(find(object));
      const sql = `select count(*) as n from ${quote(find(object).name)} where "IsDeleted" = 0`;
      return store.prepare(sql).get()?.['n'] as number;
    },
    async loadFolder(folder: string) {
      const schema = await readSchemaFile(folder);
      if (schema !== undefined) define(schema as SchemaDefinition);
      const counts: Record<string, number> = {};
      for (const [object, file] of await listDataFiles(folder)) {
        counts[object] = 0;
        for await (const rows of readDataFile(file)) {
          counts[object] += loadFrom(file, () => load(object, rows));
        }
      }
      return counts;
    },
  };
}

function loadFrom(file: string, work: () => number): number {
  try {
    return work();
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const rowsAtOnce = 1000;

function* readAll(store: Store, object: SandboxObject): Iterable<Row> {
  store.purge(object);
  const fields = [...object.fields.values()].filter((field) => field.type !== 'address');
  const sql = `select * from ${store.source(object)} where _n > ? order by _n limit ${rowsAtOnce}`;
  let last = 0;
  for (;;) {
    const rows = store.prepare(sql).all(last);
    for (const row of rows) {
      last = row['_n'] as number;
      yield Object.fromEntries(
        fields.map((field) => [field.name, printJson(field, row[field.name])]),
      );
    }
    if (rows.length < rowsAtOnce) return;
  }
}

function replyWithFault(
  oauth: OAuth,
  kind: 'rate_limit' | 'server_error' | 'expired_token',
  request: SandboxRequest,
): SandboxReply {
  const print = (status: number, errorCode: string, message: string): SandboxReply => ({
    status,
    body: [{ message, errorCode }],
  });
  switch (kind) {
    case 'rate_limit':
      return print(
        403,
        'REQUEST_LIMIT_EXCEEDED',
        'ConcurrentRequests (Concurrent API Requests) Limit exceeded.',
      );
    case 'server_error':
      return print(503, 'SERVER_UNAVAILABLE', 'We are down for maintenance. Please try again.');
    case 'expired_token':
      oauth.expire(request);
      return print(401, 'INVALID_SESSION_ID', 'Session expired or invalid');
  }
}
