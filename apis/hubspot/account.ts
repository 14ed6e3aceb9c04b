import { formatTarget, type HttpReply, sendRequest } from '../../engine/wire/http.ts';
import { createLimiter, type Limiter } from '../../engine/wire/limit.ts';
import { retry } from '../../engine/wire/retry.ts';
import type { ConnectionContext } from '../../engine/words/connection.ts';
import { TransientError } from '../../engine/words/errors.ts';
import type { JsonValue } from '../../engine/words/json.ts';
import { type HubSpotConfig, readHubSpotConfig, tenSecondlyCallsDefault } from './config.ts';
import {
  readDailyLimit,
  readTenSecondlyLimit,
  tenSecondlyPauseMs,
  translateReply,
  waitMsMax,
} from './fault.ts';
import { type Session, signIn } from './sign-in.ts';

/** HubSpot names no limit of calls at once; its own client makes six. */
export const concurrencyMax = 6;
/** HubSpot gives up on a call after 100 seconds itself. */
const timeoutMs = 120_000;
/** An access token is renewed so long before it ends. */
const renewalMs = 60_000;

export interface HubSpotRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the address of the API, query string included, as in `/crm/v3/objects/contacts`. */
  readonly path: string;
  readonly body?: JsonValue;
  readonly signal: AbortSignal;
}

/** One app in one account: shared by everything of the process that reads and writes it. */
export interface HubSpotAccount {
  readonly config: HubSpotConfig;
  /** Calls left today; infinite without a budget. */
  remaining(): number;
  /**
   * One call, tried once: signs in when needed, and on 401 takes a new access token and repeats
   * once. Success (207 included) comes back as bytes; anything else is thrown in the engine's
   * families.
   */
  send(request: HubSpotRequest): Promise<HttpReply>;
  /** As `send`, tried again while the failure is transient: for what may be repeated. */
  read(request: HubSpotRequest): Promise<HttpReply>;
  /** Signs in, or proves the token. */
  check(signal: AbortSignal): Promise<void>;
  /** Repeats a transient failure of work that may be repeated. */
  repeat<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** A value kept for so long, made by one call for all that ask at once. */
  keep<T>(key: string, ageMsMax: number, make: () => Promise<T>): Promise<T>;
}

/** The account of a connection; the same one for every extractor and destination of the process. */
export function openAccount(context: ConnectionContext): HubSpotAccount {
  return context.once('hubspot account', () => createAccount(context));
}

function createAccount(context: ConnectionContext): HubSpotAccount {
  const { clock, log, name } = context;
  const config = readHubSpotConfig(context);
  const limits = createLimits(context, config);
  const kept = new Map<string, { atMs: number; value: Promise<unknown> }>();
  let session: Promise<Session> | undefined;

  const repeat = <T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> =>
    retry(work, {
      signal,
      clock,
      log,
      isRepeatable: (error) => (error.retryAfterMs ?? 0) <= waitMsMax,
    });

  /** One request on the wire: counted, limited, its limits learnt from. */
  const exchange = (request: HubSpotRequest, headers: Readonly<Record<string, string>>) => {
    const { method, path, body, signal } = request;
    return limits.of(path).run(async () => {
      const reply = await sendRequest({
        method,
        url: config.url + path,
        headers,
        ...(body === undefined
          ? {}
          : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        timeoutMs,
        signal,
      });
      limits.learn(reply.headers);
      return reply;
    }, signal);
  };

  const judge = (reply: HttpReply, { method, path }: HubSpotRequest): HttpReply => {
    const where = formatTarget(method, config.url + path);
    const isRenewable = config.grant.kind !== 'token';
    const error = translateReply(reply, {
      connection: name,
      where,
      nowMs: clock.now(),
      isRenewable,
    });
    if (error === undefined) return reply;
    if (error instanceof TransientError && error.code === 'rate-limited') {
      limits.of(path).pause(error.retryAfterMs ?? tenSecondlyPauseMs);
    }
    throw error;
  };

  const open = async (signal: AbortSignal): Promise<Session> => {
    const known = session;
    if (known !== undefined) {
      const { expiresAtMs } = await known;
      if (clock.now() < expiresAtMs - renewalMs) return known;
      if (session === known) session = undefined;
      return open(signal);
    }
    const opening = repeat(
      () =>
        signIn(config.grant, clock, async (form) => {
          const request = { method: 'POST', path: '/oauth/v1/token', body: form, signal } as const;
          const headers = { 'content-type': 'application/x-www-form-urlencoded' };
          return judge(await exchange(request, headers), request);
        }),
      signal,
    );
    session = opening;
    opening.catch(() => {
      if (session === opening) session = undefined;
    });
    return opening;
  };

  const account: HubSpotAccount = {
    config,
    remaining: limits.remaining,
    repeat,
    async send(request) {
      let reply: HttpReply | undefined;
      for (let attempt = 1; attempt <= 2; attempt += 1) {
        const { accessToken } = await open(request.signal);
        const used = session;
        reply = await exchange(request, {
          accept: 'application/json',
          authorization: `Bearer ${accessToken}`,
          ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        });
        if (reply.status !== 401 || config.grant.kind === 'token') break;
        if (session === used) session = undefined;
      }
      if (reply === undefined) throw new Error('assertion failed: no attempt was made');
      return judge(reply, request);
    },
    read: (request) => repeat(() => account.send(request), request.signal),
    async check(signal) {
      await open(signal);
      // Every app may ask this; it needs no scope.
      await account.read({ method: 'GET', path: '/account-info/v3/details', signal });
    },
    keep<T>(key: string, ageMsMax: number, make: () => Promise<T>): Promise<T> {
      const known = kept.get(key);
      if (known !== undefined && clock.now() - known.atMs < ageMsMax) {
        return known.value as Promise<T>;
      }
      const value = make();
      const entry = { atMs: clock.now(), value };
      kept.set(key, entry);
      value.catch(() => {
        if (kept.get(key) === entry) kept.delete(key);
      });
      return value;
    },
  };
  return account;
}

/** Search has a limit of its own and is outside the ten-second one; the day's holds both. */
function createLimits(context: ConnectionContext, config: HubSpotConfig) {
  const { clock, meter, name } = context;
  const create = (requestsPerSecond: number, burst: number): Limiter =>
    createLimiter({
      account: name,
      clock,
      meter,
      requestsPerSecond,
      burst,
      concurrencyMax,
      ...(config.dailyBudget === undefined ? {} : { budget: config.dailyBudget }),
    });
  // A full bucket and ten seconds of filling together stay below the limit.
  const createTenSecondly = (calls: number): Limiter =>
    create((calls * 0.9) / 10, Math.max(1, Math.floor(calls * 0.1)));
  let tenSecondlyCalls = config.tenSecondlyCalls ?? tenSecondlyCallsDefault;
  let others = createTenSecondly(tenSecondlyCalls);
  let daily: number | undefined;
  const search = create(config.searchesPerSecond, 1);
  return {
    of: (path: string): Limiter => (path.endsWith('/search') ? search : others),
    remaining: () => others.remaining(),
    learn(headers: Headers): void {
      const limit = readTenSecondlyLimit(headers);
      daily = readDailyLimit(headers) ?? daily;
      if (limit !== undefined && config.tenSecondlyCalls === undefined) {
        if (limit !== tenSecondlyCalls) others = createTenSecondly(limit);
        tenSecondlyCalls = limit;
      }
      if (daily === undefined) return;
      others.learnDailyLimit(daily);
      search.learnDailyLimit(daily);
    },
  };
}
