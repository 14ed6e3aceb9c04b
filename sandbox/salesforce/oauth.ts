import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { SandboxClock } from '../clock.ts';
import type { SandboxReply, SandboxRequest } from '../exchange.ts';
import { ApiError } from './api-error.ts';

/** A session ends when it has not been used for this long. */
const sessionMsDefault = 2 * 3600 * 1000;
/** A JWT may expire at most this far ahead. */
const assertionMsMax = 5 * 60 * 1000;
const audiences = ['https://login.salesforce.com', 'https://test.salesforce.com'];

export interface OAuth {
  /** `POST /services/oauth2/token`. */
  grant(request: SandboxRequest, url: string): SandboxReply;
  /** `POST /services/oauth2/revoke`. */
  revoke(request: SandboxRequest): SandboxReply;
  /** Throws INVALID_SESSION_ID unless the request carries a live token. */
  check(request: SandboxRequest): void;
  /** Ends the session a request came with, as an administrator or its time limit would. */
  expire(request: SandboxRequest): void;
  expireAll(): void;
  /** What a person gets who signs in through the browser, which the sandbox does not have. */
  issueRefreshToken(): string;
  /** The certificate of the connected app, as PEM: JWTs are checked against it. */
  registerKey(pem: string): void;
}

export interface OAuthOptions {
  clock: SandboxClock;
  seed: number;
  clientId: string;
  clientSecret: string;
  organizationId: string;
  userId: string;
  username: string;
  sessionMs?: number;
}

interface Failure {
  error: string;
  error_description: string;
}

export function createOAuth(options: OAuthOptions): OAuth {
  const sessions = new Map<string, number>();
  const refreshTokens = new Set<string>();
  const sessionMs = options.sessionMs ?? sessionMsDefault;
  let key: KeyObject | undefined;
  let issued = 0;

  function mintToken(kind: string): string {
    issued += 1;
    const hash = createHash('sha256').update(`${options.seed}:${kind}:${issued}`);
    return hash.digest('base64url');
  }

  function open(url: string, scope: string, extra: object = {}): SandboxReply {
    const token = `${options.organizationId.slice(0, 15)}!AQ.${mintToken('access')}`;
    const now = options.clock.now();
    sessions.set(token, now + sessionMs);
    const id = `${url}/id/${options.organizationId}/${options.userId}`;
    const signature = createHash('sha256').update(`${options.clientSecret}${id}${now}`);
    return {
      status: 200,
      body: {
        access_token: token,
        signature: signature.digest('base64'),
        scope,
        instance_url: url,
        id,
        token_type: 'Bearer',
        issued_at: String(now),
        ...extra,
      },
    };
  }

  function fault(error: string, description: string): SandboxReply {
    const body: Failure = { error, error_description: description };
    return { status: 400, body };
  }

  function checkClient(form: URLSearchParams, needsSecret: boolean): SandboxReply | undefined {
    if (form.get('client_id') !== options.clientId) {
      return fault('invalid_client_id', 'client identifier invalid');
    }
    const secret = form.get('client_secret');
    if (secret === options.clientSecret || (secret === null && !needsSecret)) return undefined;
    return fault('invalid_client', 'invalid client credentials');
  }

  function checkAssertion(assertion: string, url: string): string | undefined {
    const [head = '', body = '', signature = ''] = assertion.split('.');
    if (key === undefined) return 'no certificate is registered for this app';
    const claims = readPart(body);
    if (readPart(head)['alg'] !== 'RS256') return 'invalid assertion';
    const signed = Buffer.from(`${head}.${body}`);
    if (!verify('RSA-SHA256', signed, key, Buffer.from(signature, 'base64url'))) {
      return 'invalid assertion';
    }
    if (claims['iss'] !== options.clientId) return 'invalid client credentials';
    if (![...audiences, url].includes(String(claims['aud']))) return 'audience is invalid';
    if (claims['sub'] !== options.username) return "user hasn't approved this consumer";
    const leftMs = Number(claims['exp']) * 1000 - options.clock.now();
    return leftMs > 0 && leftMs <= assertionMsMax ? undefined : 'expired authorization code';
  }

  return {
    grant(request, url) {
      const form = new URLSearchParams(request.body.toString('utf8'));
      switch (form.get('grant_type')) {
        case 'client_credentials':
          return checkClient(form, true) ?? open(url, 'api');
        case 'refresh_token': {
          const refused = checkClient(form, false);
          if (refused !== undefined) return refused;
          if (refreshTokens.has(form.get('refresh_token') ?? ''))
            return open(url, 'api refresh_token');
          return fault('invalid_grant', 'expired access/refresh token');
        }
        case 'urn:ietf:params:oauth:grant-type:jwt-bearer': {
          const refused = checkAssertion(form.get('assertion') ?? '', url);
          return refused === undefined ? open(url, 'api') : fault('invalid_grant', refused);
        }
        default:
          return fault('unsupported_grant_type', 'grant type not supported');
      }
    },
    revoke(request) {
      const form = new URLSearchParams(request.body.toString('utf8'));
      const token = form.get('token') ?? request.query.get('token') ?? '';
      const isKnown = sessions.delete(token) || refreshTokens.delete(token);
      if (isKnown) return { status: 200 };
      return fault('unsupported_token_type', 'this token is not supported');
    },
    check(request) {
      const token = readToken(request);
      if (token === undefined) {
        throw new ApiError(401, 'INVALID_AUTH_HEADER', 'INVALID_HEADER_TYPE');
      }
      const expiresAt = sessions.get(token) ?? 0;
      const now = options.clock.now();
      if (expiresAt > now) {
        sessions.set(token, now + sessionMs);
        return;
      }
      sessions.delete(token);
      throw new ApiError(401, 'INVALID_SESSION_ID', 'Session expired or invalid');
    },
    expire(request) {
      sessions.delete(readToken(request) ?? '');
    },
    expireAll() {
      sessions.clear();
    },
    issueRefreshToken() {
      const token = `5Aep${mintToken('refresh')}`;
      refreshTokens.add(token);
      return token;
    },
    registerKey(pem) {
      key = createPublicKey(pem);
    },
  };
}

function readToken(request: SandboxRequest): string | undefined {
  return /^(?:Bearer|OAuth) (.+)$/.exec(request.headers.authorization ?? '')?.[1];
}

function readPart(part: string): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>;
  } catch {
    return {};
  }
}
