import { createSign, generateKeyPairSync } from 'node:crypto';
import jsforce from 'jsforce';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SalesforceSandbox } from '../../sandbox/salesforce/sandbox.ts';
import { connectJsforce, noon, signIn, startHeld } from './salesforce-client.ts';

let sandbox: SalesforceSandbox;

beforeEach(async () => {
  sandbox = await startHeld();
});
afterEach(() => sandbox.close());

async function grant(form: Record<string, string>): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${sandbox.url}/services/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams(form),
  });
  return { status: answer.status, body: await answer.json() };
}

const keys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

function signJwt(claims: Record<string, unknown>): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const text = `${encode({ alg: 'RS256' })}.${encode(claims)}`;
  const signature = createSign('RSA-SHA256').update(text).sign(keys.privateKey, 'base64url');
  return `${text}.${signature}`;
}

describe('signing in', () => {
  test('client credentials give a token with an id and no lifetime', async () => {
    const { status, body } = await grant({
      grant_type: 'client_credentials',
      client_id: sandbox.clientId,
      client_secret: sandbox.clientSecret,
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      instance_url: sandbox.url,
      token_type: 'Bearer',
      issued_at: String(noon),
      id: expect.stringMatching(/\/id\/00D\w{15}\/005\w{15}$/),
    });
    expect(body).not.toHaveProperty('expires_in');
    expect(body).not.toHaveProperty('refresh_token');
  });

  test('a wrong secret, app or grant is refused with an object, not an array', async () => {
    const right = { grant_type: 'client_credentials', client_id: sandbox.clientId };
    expect(await grant({ ...right, client_secret: 'x' })).toMatchObject({
      status: 400,
      body: { error: 'invalid_client' },
    });
    expect(await grant({ ...right, client_id: 'x' })).toMatchObject({
      body: { error: 'invalid_client_id' },
    });
    expect(await grant({ grant_type: 'password' })).toMatchObject({
      body: { error: 'unsupported_grant_type' },
    });
    const connection = new jsforce.Connection({
      version: '62.0',
      instanceUrl: sandbox.url,
      oauth2: { loginUrl: sandbox.url, clientId: sandbox.clientId, clientSecret: 'x' },
    });
    const signed = connection.authorize({ grant_type: 'client_credentials' });
    await expect(signed).rejects.toMatchObject({ name: 'invalid_client' });
  });

  test('a JWT is checked for signature, app, user, audience and age', async () => {
    sandbox.oauth.registerKey(keys.publicKey);
    const claims = {
      iss: sandbox.clientId,
      sub: sandbox.username,
      aud: 'https://login.salesforce.com',
      exp: noon / 1000 + 180,
    };
    const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
    const bear = (assertion: string) => grant({ grant_type: grantType, assertion });
    expect(await bear(signJwt(claims))).toMatchObject({ status: 200 });
    const wrong = [
      { ...claims, iss: 'x' },
      { ...claims, sub: 'nobody@example.com' },
      { ...claims, aud: 'https://example.com' },
      { ...claims, exp: noon / 1000 - 1 },
    ];
    for (const each of wrong) {
      expect(await bear(signJwt(each))).toMatchObject({
        status: 400,
        body: { error: 'invalid_grant' },
      });
    }
    const [head, , signature] = signJwt(claims).split('.');
    const changed = Buffer.from(JSON.stringify({ ...claims, extra: 1 })).toString('base64url');
    expect(await bear(`${head}.${changed}.${signature}`)).toMatchObject({
      body: { error_description: 'invalid assertion' },
    });
  });

  test('jsforce refreshes an expired session by itself and goes on', async () => {
    const connection = new jsforce.Connection({
      version: '62.0',
      instanceUrl: sandbox.url,
      accessToken: 'expired',
      refreshToken: sandbox.oauth.issueRefreshToken(),
      oauth2: {
        loginUrl: sandbox.url,
        clientId: sandbox.clientId,
        clientSecret: sandbox.clientSecret,
      },
    });
    const counted = await connection.query('SELECT count() FROM Account');
    expect(counted.totalSize).toBe(0);
    const stale = new jsforce.Connection({
      version: '62.0',
      instanceUrl: sandbox.url,
      accessToken: 'expired',
    });
    await expect(stale.query('SELECT Id FROM Account')).rejects.toMatchObject({
      errorCode: 'INVALID_SESSION_ID',
    });
  });

  test('sessions end with time, with a revoke, and for all at once', async () => {
    const ask = async (client: { call: Awaited<ReturnType<typeof signIn>>['call'] }) =>
      (await client.call('GET', '/limits')).status;
    const first = await signIn(sandbox);
    expect(await ask(first)).toBe(200);
    sandbox.clock.advance(3 * 3600_000);
    expect(await ask(first)).toBe(401);
    const second = await signIn(sandbox);
    await fetch(`${sandbox.url}/services/oauth2/revoke`, {
      method: 'POST',
      body: new URLSearchParams({ token: second.token }),
    });
    expect(await ask(second)).toBe(401);
    const third = await connectJsforce(sandbox);
    sandbox.oauth.expireAll();
    await expect(third.limits()).rejects.toThrow('Unable to refresh session');
  });

  test('the same seed gives the same tokens and ids', async () => {
    const again = await startHeld();
    expect((await signIn(again)).token).toBe((await signIn(sandbox)).token);
    const other = await startHeld({ seed: 2 });
    expect((await signIn(other)).token).not.toBe((await signIn(sandbox)).token);
    expect(again.person.create('Account', { Name: 'A' })).toBe(
      sandbox.person.create('Account', { Name: 'A' }),
    );
    await again.close();
    await other.close();
  });
});
