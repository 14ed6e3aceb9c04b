import { createSign } from 'node:crypto';
import type { HttpReply } from '../../engine/wire/http.ts';
import { TerminalError } from '../../engine/words/errors.ts';
import type { SalesforceConfig } from './config.ts';
import type { TransportRequest } from './transport.ts';

export interface Session {
  readonly instanceUrl: string;
  readonly accessToken: string;
}

/** The JWT is used at once; Salesforce takes up to about three minutes. */
const assertionSeconds = 120;

/** One request to the token endpoint through jsforce; `send` translates refusals. */
export async function signIn(
  config: SalesforceConfig,
  nowMs: number,
  send: (request: TransportRequest) => Promise<HttpReply>,
): Promise<Session> {
  // Loaded here: jsforce costs a tenth of a second that most commands need not pay.
  const { OAuth2 } = await import('./jsforce.ts');
  const { createTransport } = await import('./transport.ts');
  const oauth2 = new OAuth2({
    loginUrl: config.loginUrl,
    clientId: config.clientId,
    ...(config.clientSecret === undefined ? {} : { clientSecret: config.clientSecret }),
  });
  oauth2._transport = createTransport(send);
  const { grant } = config;
  const reply =
    grant.kind === 'refresh_token'
      ? await oauth2.refreshToken(grant.refreshToken)
      : await oauth2.requestToken(
          grant.kind === 'jwt'
            ? {
                grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
                assertion: signAssertion(config.clientId, grant, nowMs),
              }
            : { grant_type: 'client_credentials' },
        );
  const { access_token: accessToken, instance_url: instanceUrl } = reply;
  if (typeof accessToken !== 'string' || typeof instanceUrl !== 'string') {
    throw new TerminalError(`${config.loginUrl} answered the sign-in without a token`, {
      code: 'credentials-refused',
      hint: 'Check that login_url is the My Domain address of the org.',
    });
  }
  return { accessToken, instanceUrl: instanceUrl.replace(/\/+$/, '') };
}

function signAssertion(
  clientId: string,
  grant: { readonly privateKey: string; readonly username: string; readonly audience: string },
  nowMs: number,
): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const claims = {
    iss: clientId,
    sub: grant.username,
    aud: grant.audience,
    exp: Math.floor(nowMs / 1000) + assertionSeconds,
  };
  const signed = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}`;
  try {
    const signature = createSign('RSA-SHA256').update(signed).sign(grant.privateKey, 'base64url');
    return `${signed}.${signature}`;
  } catch {
    // The cause is left out: it may quote the key.
    throw new TerminalError('the private key cannot sign the Salesforce assertion', {
      code: 'credentials-refused',
      hint: 'Give private_key as PEM of an RSA key, with its line breaks.',
    });
  }
}
