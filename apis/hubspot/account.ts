import { formatTarget, type HttpReply, sendRequest } from '../../engine/wire/http.ts';
import { retry } from '../../engine/wire/retry.ts';
import type { Clock } from '../../engine/words/clock.ts';
import type { ConnectionContext } from '../../engine/words/connection.ts';
import { TransientError } from '../../engine/words/errors.ts';
import type { JsonValue } from '../../engine/words/json.ts';
import { type HubSpotConfig, readHubSpotConfig } from './config.ts';
import { tenSecondlyPauseMs, translateReply, waitMsMax } from './fault.ts';
import { createLimits } from './limits.ts';
import { createSessions, signIn } from './sign-in.ts';

/** HubSpot gives up on a call after 100 seconds itself. */
const timeoutMs = 120_000;

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

  const sessions = createSessions(clock, (signal) =>
    repeat(
      () =>
        signIn(config.grant, clock, async (form) => {
          const request = { method: 'POST', path: '/oauth/v1/token', body: form, signal } as const;
          const headers = { 'content-type': 'application/x-www-form-urlencoded' };
          return judge(await exchange(request, headers), request);
        }),
      signal,
    ),
  );

  const account: HubSpotAccount = {
    config,
    remaining: limits.remaining,
    repeat,
    async send(request) {
      let reply: HttpReply | undefined;
      for (let attempt = 1; attempt <= 2; attempt += 1) {
        const session = await sessions.open(request.signal);
        reply = await exchange(request, {
          accept: 'application/json',
          authorization: `Bearer ${session.accessToken}`,
          ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        });
        if (reply.status !== 401 || config.grant.kind === 'token') break;
        sessions.close(session);
      }
      if (reply === undefined) throw new Error('assertion failed: no attempt was made');
      return judge(reply, request);
    },
    read: (request) => repeat(() => account.send(request), request.signal),
    async check(signal) {
      // Every app may ask this; it needs no scope.
      await account.read({ method: 'GET', path: '/account-info/v3/details', signal });
    },
    keep: createKeeper(clock),
  };
  return account;
}

function createKeeper(clock: Clock): HubSpotAccount['keep'] {
  const kept = new Map<string, { atMs: number; value: Promise<unknown> }>();
  return <T>(key: string, ageMsMax: number, make: () => Promise<T>): Promise<T> => {
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
  };
}
