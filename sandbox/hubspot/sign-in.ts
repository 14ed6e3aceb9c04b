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
export const accessTokenMs = 30 * 60 * 1000;

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
  const app: OAuthApp = {
    clientId: minting.nextUuid(),
    clientSecret: minting.nextUuid(),
    refreshToken: minting.nextUuid(),
    code: minting.nextUuid(),
  };
  const expiries = new Map<string, number>();
  const revokedScopes = new Set<string>();
  let isRefreshValid = true;
  let isCodeSpent = false;

  const refuse = (category: string, message: string): HubSpotRefusal =>
    new HubSpotRefusal(401, message, { category });

  const grant = (form: URLSearchParams): boolean => {
    switch (form.get('grant_type')) {
      case 'refresh_token':
        return isRefreshValid && form.get('refresh_token') === app.refreshToken;
      case 'authorization_code': {
        const isGood = !isCodeSpent && form.get('code') === app.code;
        isCodeSpent ||= isGood;
        return isGood;
      }
      default:
        return false;
    }
  };

  return {
    token: privateToken,
    app,
    identify(request) {
      const given = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
      if (given === undefined) {
        throw refuse(
          'INVALID_AUTHENTICATION',
          'Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview',
        );
      }
      if (given === privateToken) return 'private_app';
      const expiresMs = expiries.get(given);
      if (expiresMs === undefined) {
        throw refuse('INVALID_AUTHENTICATION', 'Authentication credentials not valid.');
      }
      if (clock.now() >= expiresMs) {
        throw refuse(
          'EXPIRED_AUTHENTICATION',
          `The OAuth token used to make this call expired ${Math.floor((clock.now() - expiresMs) / 1000)} second(s) ago.`,
        );
      }
      return 'oauth';
    },
    exchange(request) {
      const form = new URLSearchParams(request.body.toString('utf8'));
      const isOurs =
        form.get('client_id') === app.clientId && form.get('client_secret') === app.clientSecret;
      if (!isOurs) {
        throw new HubSpotRefusal(400, 'missing or invalid client id or secret', {
          status: 'BAD_CLIENT_ID',
        });
      }
      const grantType = form.get('grant_type');
      if (!grant(form)) {
        const what = grantType === 'authorization_code' ? 'auth code' : 'refresh token';
        throw new HubSpotRefusal(400, `missing or invalid ${what}`, {
          status: grantType === 'authorization_code' ? 'BAD_AUTH_CODE' : 'BAD_REFRESH_TOKEN',
        });
      }
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
    describe(accessToken) {
      const expiresMs = expiries.get(accessToken);
      if (expiresMs === undefined || expiresMs <= clock.now()) {
        throw new HubSpotRefusal(404, 'access token not found', {});
      }
      const expiresIn = Math.floor((expiresMs - clock.now()) / 1000);
      const body = {
        token: accessToken,
        hub_id: portalId,
        token_type: 'access',
        expires_in: expiresIn,
      };
      return { status: 200, body };
    },
    requireScope(scope) {
      if (!revokedScopes.has(scope)) return;
      const message =
        "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: https://developers.hubspot.com/scopes.";
      throw new HubSpotRefusal(403, message, {
        category: 'MISSING_SCOPES',
        errors: [
          {
            message: 'One or more of the following scopes are required.',
            context: { requiredGranularScopes: [scope] },
          },
        ],
      });
    },
    revokeScope: (scope) => void revokedScopes.add(scope),
    grantScope: (scope) => void revokedScopes.delete(scope),
    revokeTokens(isRefreshIncluded = false) {
      expiries.clear();
      if (isRefreshIncluded) isRefreshValid = false;
    },
  };
}
