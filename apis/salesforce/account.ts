import type { Connection } from 'jsforce/lib/connection.js';
import { formatTarget, type HttpReply, sendRequest } from '../../engine/wire/http.ts';
import { createLimiter, type Limiter } from '../../engine/wire/limit.ts';
import { retry } from '../../engine/wire/retry.ts';
import type { ConnectionContext } from '../../engine/words/connection.ts';
import { TransientError } from '../../engine/words/errors.ts';
import { readSalesforceConfig, type SalesforceConfig } from './config.ts';
import type { SalesforceObject } from './describe.ts';
import { limitPauseMs, readApiUsage, translateReply } from './fault.ts';
import { type Session, signIn } from './sign-in.ts';
import { createTransport, type TransportRequest } from './transport.ts';

/** Salesforce allows 25 long calls at once and names no rate; this leaves room for other users. */
export const concurrencyMax = 8;
export const requestsPerSecond = 50;
/** How old a description may be for writing: extraction and syncs of one run share one call. */
export const describeAgeMsMax = 5 * 60_000;
/** The API gives up on a call after ten minutes itself; bulk results are large. */
const timeoutMs = 5 * 60_000;

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
  const { clock, log, name } = context;
  const config = readSalesforceConfig(context);
  const limiter = createLimiter({
    account: name,
    clock,
    meter: context.meter,
    requestsPerSecond,
    concurrencyMax,
    ...(config.dailyBudget === undefined ? {} : { budget: config.dailyBudget }),
  });
  const base = `/services/data/v${config.apiVersion}`;
  const descriptions = new Map<string, { atMs: number; value: Promise<SalesforceObject> }>();
  let session: Promise<Session> | undefined;

  const repeat = <T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> =>
    retry(work, { signal, clock, log });

  /** One request on the wire: counted, limited, its limits learnt from. */
  const exchange = (request: TransportRequest, signal: AbortSignal) =>
    limiter.run(async () => {
      const { body } = request;
      const reply = await sendRequest({
        method: request.method,
        url: request.url,
        headers: request.headers,
        ...(body === undefined ? {} : { body }),
        timeoutMs,
        signal,
      });
      const usage = readApiUsage(reply.headers);
      if (usage !== undefined) limiter.learnDailyLimit(usage.limit);
      return reply;
    }, signal);

  const judge = (reply: HttpReply, method: string, url: string): HttpReply => {
    const where = formatTarget(method, url);
    const error = translateReply(reply, { connection: name, where, nowMs: clock.now() });
    if (error === undefined) return reply;
    if (error instanceof TransientError && error.code === 'rate-limited') {
      limiter.pause(error.retryAfterMs ?? limitPauseMs);
    }
    throw error;
  };

  const open = (signal: AbortSignal): Promise<Session> => {
    if (session !== undefined) return session;
    const send = async (request: TransportRequest): Promise<HttpReply> =>
      judge(await exchange(request, signal), request.method, request.url);
    const opening = repeat(() => signIn(config, clock.now(), send), signal).catch(
      (error: unknown) => {
        throw error instanceof TransientError ? hintAtLogin(error) : error;
      },
    );
    session = opening;
    opening.catch(() => {
      if (session === opening) session = undefined;
    });
    return opening;
  };

  /** Adds the token; a 401 closes the session that was used, once, whoever sees it first. */
  const sendSigned = async (request: TransportRequest, signal: AbortSignal): Promise<HttpReply> => {
    let reply: HttpReply | undefined;
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      const opened = open(signal);
      const { accessToken, instanceUrl } = await opened;
      const url = new URL(request.url, instanceUrl).href;
      const headers = {
        ...dropAuthorization(request.headers),
        authorization: `Bearer ${accessToken}`,
      };
      reply = await exchange({ ...request, url, headers }, signal);
      if (reply.status !== 401) break;
      if (session === opened) session = undefined;
    }
    if (reply === undefined) throw new Error('assertion failed: no attempt was made');
    return judge(reply, request.method, new URL(request.url, config.loginUrl).href);
  };

  const account: SalesforceAccount = {
    config,
    limiter,
    repeat,
    send(request) {
      const { body } = request;
      const path = request.path.startsWith('/services/') ? request.path : base + request.path;
      return sendSigned(
        { method: request.method, url: path, headers: request.headers ?? {}, body },
        request.signal,
      );
    },
    read: (request) => repeat(() => account.send(request), request.signal),
    async connect(signal) {
      const { Connection: JsforceConnection } = await import('jsforce/lib/connection.js');
      const { instanceUrl } = await open(signal);
      const connection = new JsforceConnection({
        instanceUrl,
        version: config.apiVersion,
        callOptions: { client: 'tidemill' },
      });
      connection._transport = createTransport((request) => sendSigned(request, signal));
      return connection;
    },
    describe(object, signal, ageMsMax = describeAgeMsMax) {
      const known = descriptions.get(object);
      if (known !== undefined && clock.now() - known.atMs < ageMsMax) return known.value;
      const value = repeat(async () => {
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

/** An address that is not Salesforce's looks like an outage: say what else it may be. */
function hintAtLogin(error: TransientError): TransientError {
  const hint = 'If this lasts, check login_url: the My Domain address of the org.';
  return new TransientError(error.message, { ...error.details, hint, cause: error });
}

/** jsforce writes its own header from a session it does not have. */
function dropAuthorization(
  headers: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'),
  );
}
