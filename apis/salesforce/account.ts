import type { HttpReply } from '../../engine/wire/http.ts';
import { createLimiter, type Limiter } from '../../engine/wire/limit.ts';
import { retry } from '../../engine/wire/retry.ts';
import type { ConnectionContext } from '../../engine/words/connection.ts';
import { readSalesforceConfig, type SalesforceConfig } from './config.ts';
import type { SalesforceObject } from './describe.ts';
import type { Connection } from './jsforce.ts';
import { createWire } from './wire.ts';

/** Salesforce allows 25 long calls at once and names no rate; this leaves room for other users. */
export const concurrencyMax = 8;
export const requestsPerSecond = 50;
/** How old a description may be for writing: extraction and syncs of one run share one call. */
export const describeAgeMsMax = 5 * 60_000;

export interface SalesforceRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/services/data/vXX.0`, as in `/query?q=…`; or a whole path beginning `/services/`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal: AbortSignal;
}

/** One org and user, signed in once per process: shared by everything that reads and writes it. */
export interface SalesforceAccount {
  readonly config: SalesforceConfig;
  readonly limiter: Limiter;
  /**
   * One call, tried once: signs in when needed, and on 401 signs in anew and repeats once.
   * Success comes back as bytes; anything else is thrown in the engine's families.
   */
  send(request: SalesforceRequest): Promise<HttpReply>;
  /** As `send`, tried again while the failure is transient: for what may be repeated. */
  read(request: SalesforceRequest): Promise<HttpReply>;
  /** jsforce on this account's session, limiter and budget; one call, one try. */
  connect(signal: AbortSignal): Promise<Connection>;
  /** An object as this user sees it, not older than `ageMsMax`. */
  describe(object: string, signal: AbortSignal, ageMsMax?: number): Promise<SalesforceObject>;
  /** Repeats a transient failure of work that may be repeated. */
  repeat<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

/** The account of a connection; the same one for every extractor and destination of the process. */
export function openAccount(context: ConnectionContext): SalesforceAccount {
  return context.once('salesforce account', () => createAccount(context));
}

function createAccount(context: ConnectionContext): SalesforceAccount {
  const { clock, log } = context;
  const config = readSalesforceConfig(context);
  const limiter = createLimiter({
    account: context.name,
    clock,
    meter: context.meter,
    requestsPerSecond,
    concurrencyMax,
    ...(config.dailyBudget === undefined ? {} : { budget: config.dailyBudget }),
  });
  const wire = createWire({ context, config, limiter });
  const base = `/services/data/v${config.apiVersion}`;
  const descriptions = new Map<string, { atMs: number; value: Promise<SalesforceObject> }>();

  const account: SalesforceAccount = {
    config,
    limiter,
    repeat: (work, signal) => retry(work, { signal, clock, log }),
    send(request) {
      const { method, path, headers = {}, body, signal } = request;
      const url = path.startsWith('/services/') ? path : base + path;
      return wire.send({ method, url, headers, body }, signal);
    },
    read: (request) => account.repeat(() => account.send(request), request.signal),
    async connect(signal) {
      // Loaded here: jsforce costs a tenth of a second that most commands need not pay.
      const { Connection: JsforceConnection } = await import('./jsforce.ts');
      const { createTransport } = await import('./transport.ts');
      const { instanceUrl } = await wire.open(signal);
      const connection = new JsforceConnection({
        instanceUrl,
        version: config.apiVersion,
        callOptions: { client: 'tidemill' },
      });
      connection._transport = createTransport((request) => wire.send(request, signal));
      return connection;
    },
    describe(object, signal, ageMsMax = describeAgeMsMax) {
      const known = descriptions.get(object);
      if (known !== undefined && clock.now() - known.atMs < ageMsMax) return known.value;
      const value = account.repeat(async () => {
        const connection = await account.connect(signal);
        return (await connection.describe(object)) as unknown as SalesforceObject;
      }, signal);
      const entry = { atMs: clock.now(), value };
      descriptions.set(object, entry);
      value.catch(() => {
        if (descriptions.get(object) === entry) descriptions.delete(object);
      });
      return value;
    },
  };
  return account;
}
