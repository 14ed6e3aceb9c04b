import type { HttpReply } from '../../engine/wire/http.ts';
import type { Clock } from '../../engine/words/clock.ts';
import { TransientError } from '../../engine/words/errors.ts';
import type { HubSpotGrant } from './config.ts';

export interface Session {
  readonly accessToken: string;
  /** By our clock; infinite for tokens that do not end. */
  readonly expiresAtMs: number;
}

/** HubSpot's tokens live half an hour where it does not say otherwise. */
const lifeSecondsDefault = 1800;

/** One request to the token endpoint, none for a private app; `send` translates refusals. */
export async function signIn(
  grant: HubSpotGrant,
  clock: Clock,
  send: (form: string) => Promise<HttpReply>,
): Promise<Session> {
  if (grant.kind === 'token') {
    return { accessToken: grant.token, expiresAtMs: Number.POSITIVE_INFINITY };
  }
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: grant.clientId,
    client_secret: grant.clientSecret,
    refresh_token: grant.refreshToken,
  });
  const askedAtMs = clock.now();
  const reply = await send(form.toString());
  const body = parseBody(reply.body);
  const accessToken = body['access_token'];
  if (typeof accessToken !== 'string' || accessToken === '') {
    throw new TransientError('HubSpot answered the sign-in without an access token', {
      code: 'bad-page',
      hint: 'If this lasts, check the url of the connection.',
    });
  }
  const lifeSeconds = Number(body['expires_in']);
  const isKnown = Number.isFinite(lifeSeconds) && lifeSeconds > 0;
  return {
    accessToken,
    expiresAtMs: askedAtMs + (isKnown ? lifeSeconds : lifeSecondsDefault) * 1000,
  };
}

function parseBody(bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    const body: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof body === 'object' && body !== null ? { ...body } : {};
  } catch {
    return {};
  }
}

/** An access token is renewed so long before it ends. */
const renewalMs = 60_000;

/** Keeps the session that is open, so that many callers cost one sign-in. */
export interface Sessions {
  open(signal: AbortSignal): Promise<Session>;
  /** The session was refused: the next caller opens a new one, whoever sees it first. */
  close(refused: Session): void;
}

export function createSessions(
  clock: Clock,
  start: (signal: AbortSignal) => Promise<Session>,
): Sessions {
  let current: { opening: Promise<Session>; session?: Session } | undefined;
  return {
    async open(signal) {
      const known = current?.session;
      if (known !== undefined && clock.now() >= known.expiresAtMs - renewalMs) current = undefined;
      if (current !== undefined) return current.opening;
      const opening = start(signal);
      const entry: { opening: Promise<Session>; session?: Session } = { opening };
      current = entry;
      try {
        entry.session = await opening;
      } catch (error) {
        if (current === entry) current = undefined;
        throw error;
      }
      return entry.session;
    },
    close(refused) {
      if (current?.session === refused) current = undefined;
    },
  };
}
