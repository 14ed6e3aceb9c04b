import { formatTarget, type HttpReply, sendRequest } from '../../engine/wire/http.ts';
import type { Limiter } from '../../engine/wire/limit.ts';
import { retry } from '../../engine/wire/retry.ts';
import type { ConnectionContext } from '../../engine/words/connection.ts';
import { assertThat, TransientError } from '../../engine/words/errors.ts';
import type { SalesforceConfig } from './config.ts';
import { limitPauseMs, readApiUsage, translateReply } from './fault.ts';
import { type Session, signIn } from './sign-in.ts';
import type { TransportRequest } from './transport.ts';

/** The API gives up on a call after ten minutes itself; bulk results are large. */
const timeoutMs = 5 * 60_000;

/** The one way out to an org: every call is signed, limited, counted and judged here. */
export interface Wire {
  /** The session, opened where there is none. */
  open(signal: AbortSignal): Promise<Session>;
  /**
   * One call, tried once; on 401 signed in anew and repeated once. Success or an engine's error.
   */
  send(request: TransportRequest, signal: AbortSignal): Promise<HttpReply>;
}

interface Scene {
  readonly context: ConnectionContext;
  readonly config: SalesforceConfig;
  readonly limiter: Limiter;
}

export function createWire(scene: Scene): Wire {
  let session: Promise<Session> | undefined;

  const close = (used: Promise<Session>): void => {
    if (session === used) session = undefined;
  };
  const open = (signal: AbortSignal): Promise<Session> => {
    if (session !== undefined) return session;
    const opening = openSession(scene, signal);
    session = opening;
    opening.catch(() => close(opening));
    return opening;
  };

  return {
    open,
    async send(request, signal) {
      let reply: HttpReply | undefined;
      for (let attempt = 1; attempt <= 2; attempt += 1) {
        const opened = open(signal);
        reply = await exchange(scene, signRequest(request, await opened), signal);
        if (reply.status !== 401) break;
        // Whoever sees it first closes the session that was used; the others find the new one.
        close(opened);
      }
      assertThat(reply !== undefined, 'a call was never made');
      return judge(scene, reply, request.method, new URL(request.url, scene.config.loginUrl).href);
    },
  };
}

function openSession(scene: Scene, signal: AbortSignal): Promise<Session> {
  const { clock, log } = scene.context;
  const send = async (request: TransportRequest): Promise<HttpReply> =>
    judge(scene, await exchange(scene, request, signal), request.method, request.url);
  const open = (): Promise<Session> => signIn(scene.config, clock.now(), send);
  return retry(open, { signal, clock, log }).catch((error: unknown) => {
    throw error instanceof TransientError ? hintAtLogin(error) : error;
  });
}

/** An address that is not Salesforce's looks like an outage: say what else it may be. */
function hintAtLogin(error: TransientError): TransientError {
  const hint = 'If this lasts, check login_url: the My Domain address of the org.';
  return new TransientError(error.message, { ...error.details, hint, cause: error });
}

/** jsforce writes a header of its own, from a session it does not have: it is left out. */
function signRequest(request: TransportRequest, session: Session): TransportRequest {
  const kept = Object.entries(request.headers).filter(
    ([name]) => name.toLowerCase() !== 'authorization',
  );
  return {
    ...request,
    url: new URL(request.url, session.instanceUrl).href,
    headers: { ...Object.fromEntries(kept), authorization: `Bearer ${session.accessToken}` },
  };
}

/** One request on the wire: counted, limited, its limits learnt from. */
function exchange(
  scene: Scene,
  request: TransportRequest,
  signal: AbortSignal,
): Promise<HttpReply> {
  return scene.limiter.run(async () => {
    const { method, url, headers, body } = request;
    const sent = { method, url, headers, timeoutMs, signal };
    const reply = await sendRequest(body === undefined ? sent : { ...sent, body });
    const usage = readApiUsage(reply.headers);
    if (usage !== undefined) scene.limiter.learnDailyLimit(usage.limit);
    return reply;
  }, signal);
}

function judge(scene: Scene, reply: HttpReply, method: string, url: string): HttpReply {
  const { name: connection, clock } = scene.context;
  const where = formatTarget(method, url);
  const error = translateReply(reply, { connection, where, nowMs: clock.now() });
  if (error === undefined) return reply;
  if (error instanceof TransientError && error.code === 'rate-limited') {
    scene.limiter.pause(error.retryAfterMs ?? limitPauseMs);
  }
  throw error;
}
