import type { SandboxClock } from '../clock.ts';
import type { SandboxReply, SandboxRequest } from '../server.ts';
import { HubSpotRefusal } from './error-reply.ts';
import type { Minting } from './minting.ts';

export interface OAuthApp {
  clientId: string;
  clientSecret: string;
  /** Stays valid; every access token comes from it. */
  refreshToken: string;
  /** Exchanged once by authorization_code. */
  code: string;
}

/** Access tokens of OAuth live this long. */
const accessTokenMs = 30 * 60 * 1000;

export interface SignIn {
  /** The private-app token, which does not expire. */
  token: string;
  app: OAuthApp;
  /** Whose call it is. Throws HubSpot's 401. */
  identify(request: SandboxRequest): 'private_app' | 'oauth';
  /** `POST /oauth/v1/token`. */
  exchange(request: SandboxRequest): SandboxReply;
  /** `GET /oauth/v1/access-tokens/{token}`. */
  describe(token: string): SandboxReply;
  /** Throws HubSpot's 403 when the scope was revoked. */
  requireScope(scope: string): void;
  revokeScope(scope: string): void;
  grantScope(scope: string): void;
  /** Makes every OAuth access token invalid at once, and the refresh token too if asked. */
  revokeTokens(isRefreshIncluded?: boolean): void;
}

export function createSignIn(
  clock: SandboxClock,
  minting: Minting,
  portalId: number,
  token?: string,
): SignIn {
  const privateToken = token ?? `pat-na1-${minting.nextUuid()}`;
  const tokens = createTokens(clock, minting, portalId);
  const revokedScopes = new Set<string>();
  return {
    token: privateToken,
    ...tokens,
    identify(request) {
      const given = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
      if (given === undefined) {
        throw refuse(
          'INVALID_AUTHENTICATION',
          'Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview',
        );
      }
      if (given === privateToken) return 'private_app';
      tokens.checkToken(given);
      return 'oauth';
    },
    requireScope(scope) {
      if (revokedScopes.has(scope)) throw refuseScope(scope);
    },
    revokeScope: (scope) => void revokedScopes.add(scope),
    grantScope: (scope) => void revokedScopes.delete(scope),
  };
}

interface Tokens extends Pick<SignIn, 'app' | 'exchange' | 'describe' | 'revokeTokens'> {
  checkToken(token: string): void;
}

function createTokens(clock: SandboxClock, minting: Minting, portalId: number): Tokens {
  const app: OAuthApp = {
    clientId: minting.nextUuid(),
    clientSecret: minting.nextUuid(),
    refreshToken: minting.nextUuid(),
    code: minting.nextUuid(),
  };
  const expiries = new Map<string, number>();
  let isRefreshValid = true;
  let isCodeSpent = false;

  const isGranted = (form: URLSearchParams): boolean => {
    if (form.get('grant_type') === 'refresh_token') {
      return isRefreshValid && form.get('refresh_token') === app.refreshToken;
    }
    const isGood = !isCodeSpent && form.get('code') === app.code;
    isCodeSpent ||= isGood;
    return isGood;
  };

  return {
    app,
    checkToken(token) {
      const expiresMs = expiries.get(token);
      if (expiresMs === undefined) {
        throw refuse('INVALID_AUTHENTICATION', 'Authentication credentials not valid.');
      }
      if (clock.now() < expiresMs) return;
      const seconds = Math.floor((clock.now() - expiresMs) / 1000);
      const message = `The OAuth token used to make this call expired ${seconds} second(s) ago.`;
      throw refuse('EXPIRED_AUTHENTICATION', message);
    },
    exchange(request) {
      const form = new URLSearchParams(request.body.toString('utf8'));
      checkGrant(form, app, isGranted);
      const accessToken = minting.nextUuid();
      expiries.set(accessToken, clock.now() + accessTokenMs);
      const body = {
        token_type: 'bearer',
        refresh_token: app.refreshToken,
        access_token: accessToken,
        hub_id: portalId,
        expires_in: accessTokenMs / 1000,
      };
      return { status: 200, body };
    },
    describe(token) {
      const leftMs = (expiries.get(token) ?? 0) - clock.now();
      if (leftMs <= 0) throw new HubSpotRefusal(404, 'access token not found', {});
      const expiresIn = Math.floor(leftMs / 1000);
      const body = { token, hub_id: portalId, token_type: 'access', expires_in: expiresIn };
      return { status: 200, body };
    },
    revokeTokens(isRefreshIncluded = false) {
      expiries.clear();
      if (isRefreshIncluded) isRefreshValid = false;
    },
  };
}

/** OAuth's refusals carry a status of their own instead of a category. */
function checkGrant(
  form: URLSearchParams,
  app: OAuthApp,
  isGranted: (form: URLSearchParams) => boolean,
): void {
  if (form.get('client_id') !== app.clientId || form.get('client_secret') !== app.clientSecret) {
    const message = 'missing or invalid client id or secret';
    throw new HubSpotRefusal(400, message, { status: 'BAD_CLIENT_ID' });
  }
  const kind = form.get('grant_type');
  if (kind !== 'refresh_token' && kind !== 'authorization_code') {
    throw new HubSpotRefusal(400, 'missing or unknown grant_type', { status: 'BAD_GRANT_TYPE' });
  }
  if (isGranted(form)) return;
  const isRefresh = kind === 'refresh_token';
  const message = `missing or invalid ${isRefresh ? 'refresh token' : 'auth code'}`;
  const status = isRefresh ? 'BAD_REFRESH_TOKEN' : 'BAD_AUTH_CODE';
  throw new HubSpotRefusal(400, message, { status });
}

function refuse(category: string, message: string): HubSpotRefusal {
  return new HubSpotRefusal(401, message, { category });
}

function refuseScope(scope: string): HubSpotRefusal {
  const message =
    "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: https://developers.hubspot.com/scopes.";
  return new HubSpotRefusal(403, message, {
    category: 'MISSING_SCOPES',
    errors: [
      {
        message: 'One or more of the following scopes are required.',
        context: { requiredGranularScopes: [scope] },
      },
    ],
  });
}
