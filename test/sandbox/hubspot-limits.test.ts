import { describe, expect, test } from 'vitest';
import { type Harness, openHarness } from './hubspot-harness.ts';

const list = '/crm/v3/objects/contacts';

async function exchange(harness: Harness, form: Record<string, string>) {
  const { clientId, clientSecret, refreshToken } = harness.sandbox.signIn.app;
  const response = await fetch(`${harness.sandbox.url}/oauth/v1/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: clientId,
      client_secret: clientSecret,
      refresh_token: refreshToken,
      ...form,
    }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('signing in', () => {
  test('refuses a missing and a wrong token with 401', async () => {
    await using harness = await openHarness();
    const wrong = await harness.call('GET', list, undefined, 'pat-na1-wrong');
    expect(wrong).toMatchObject({
      status: 401,
      body: { status: 'error', category: 'INVALID_AUTHENTICATION' },
    });
    expect((await fetch(`${harness.sandbox.url}${list}`)).status).toBe(401);
  });

  test('an OAuth token works for thirty minutes, without daily figures', async () => {
    await using harness = await openHarness();
    const { call, clock } = harness;
    const { body } = await exchange(harness, {});
    expect(body).toMatchObject({ token_type: 'bearer', expires_in: 1_800 });
    const token = String(body['access_token']);
    const good = await call('GET', list, undefined, token);
    expect(good.status).toBe(200);
    expect(good.headers.get('x-hubspot-ratelimit-max')).not.toBeNull();
    expect(good.headers.get('x-hubspot-ratelimit-daily')).toBeNull();
    clock.advance(30 * 60 * 1_000);
    const late = await call('GET', list, undefined, token);
    expect(late).toMatchObject({ status: 401, body: { category: 'EXPIRED_AUTHENTICATION' } });
    const { body: renewed } = await exchange(harness, {});
    const next = await call('GET', list, undefined, String(renewed['access_token']));
    expect(next.status).toBe(200);
  });

  test('refuses wrong credentials, a spent code and a revoked refresh token', async () => {
    await using harness = await openHarness();
    const { signIn } = harness.sandbox;
    expect((await exchange(harness, { client_secret: 'x' })).status).toBe(400);
    const code = { grant_type: 'authorization_code', code: signIn.app.code };
    expect((await exchange(harness, code)).status).toBe(200);
    expect((await exchange(harness, code)).body).toMatchObject({ status: 'BAD_AUTH_CODE' });
    signIn.revokeTokens(true);
    expect((await exchange(harness, {})).body).toMatchObject({ status: 'BAD_REFRESH_TOKEN' });
  });

  test('names the scope that was taken away', async () => {
    await using harness = await openHarness();
    const { sandbox, call } = harness;
    sandbox.revokeScope('crm.objects.deals.read');
    const answer = await call('GET', '/crm/v3/objects/deals');
    expect(answer).toMatchObject({
      status: 403,
      body: {
        category: 'MISSING_SCOPES',
        errors: [{ context: { requiredGranularScopes: ['crm.objects.deals.read'] } }],
      },
    });
    const properties = { dealname: 'A' };
    expect((await call('POST', '/crm/v3/objects/deals', { properties })).status).toBe(201);
    expect((await call('GET', list)).status).toBe(200);
  });
});

describe('limits', () => {
  test('refuses the call beyond ten seconds of calls, and takes it when they have rolled on', async () => {
    await using harness = await openHarness({ tenSecondlyCalls: 3 });
    const { call, clock } = harness;
    for (const remaining of ['2', '1', '0']) {
      const answer = await call('GET', list);
      expect(answer.headers.get('x-hubspot-ratelimit-remaining')).toBe(remaining);
      expect(answer.headers.get('x-hubspot-ratelimit-interval-milliseconds')).toBe('10000');
      clock.advance(1_000);
    }
    const refused = await call('GET', list);
    expect(refused).toMatchObject({
      status: 429,
      body: {
        status: 'error',
        errorType: 'RATE_LIMIT',
        policyName: 'TEN_SECONDLY_ROLLING',
        message: 'You have reached your ten_secondly_rolling limit.',
      },
    });
    expect(refused.headers.get('retry-after')).toBeNull();
    clock.advance(7_000);
    expect((await call('GET', list)).status).toBe(200);
    expect((await call('GET', list)).status).toBe(429);
  });

  test('counts the day to midnight of the account, not of UTC', async () => {
    await using harness = await openHarness({ dailyCalls: 2, timeZone: 'America/New_York' });
    const { call, clock } = harness;
    clock.hold(Date.parse('2026-03-01T23:59:00Z'));
    await call('GET', list);
    const second = await call('GET', list);
    expect(second.headers.get('x-hubspot-ratelimit-daily-remaining')).toBe('0');
    clock.advance(5 * 60_000);
    const refused = await call('GET', list);
    expect(refused).toMatchObject({ status: 429, body: { policyName: 'DAILY' } });
    expect(refused.body['message']).toBe('You have reached your daily limit.');
    clock.advance(5 * 3_600_000);
    expect((await call('GET', list)).status).toBe(200);
  });

  test.each([
    [false, undefined],
    [true, 'SECONDLY'],
  ])(
    'search has its own limit and no limit headers (named policy: %s)',
    async (isNamed, policy) => {
      await using harness = await openHarness({
        searchPerSecond: 2,
        tenSecondlyCalls: 1,
        isSearchPolicyNamed: isNamed,
      });
      const { call, clock } = harness;
      const search = () => call('POST', `${list}/search`, {});
      const first = await search();
      expect(first.status).toBe(200);
      const named = [...first.headers.keys()].filter((name) => name.includes('ratelimit'));
      expect(named).toEqual([]);
      await search();
      const refused = await search();
      expect(refused.status).toBe(429);
      expect(refused.body['message']).toBe('You have reached your secondly limit.');
      expect(refused.body['policyName']).toBe(policy);
      expect((await call('GET', list)).status).toBe(200);
      clock.advance(1_000);
      expect((await search()).status).toBe(200);
    },
  );
});

describe('faults', () => {
  const create = { properties: { email: 'a@x.io' } };

  test('a lost reply has applied its write, a dropped connection has not', async () => {
    await using harness = await openHarness();
    const { sandbox, call } = harness;
    const set = (kind: string) =>
      sandbox.faults.set({ seed: 1, probability: { [kind]: 1 }, methods: ['POST'] });
    set('dropped_connection');
    await expect(call('POST', list, create)).rejects.toThrow();
    expect(sandbox.count('contacts')).toBe(0);
    set('lost_reply');
    await expect(call('POST', list, create)).rejects.toThrow();
    expect(sandbox.count('contacts')).toBe(1);
    sandbox.faults.set(undefined);
    expect((await call('POST', list, create)).status).toBe(409);
  });

  test('speaks in the words of HubSpot and its gateways', async () => {
    await using harness = await openHarness();
    const { sandbox, call } = harness;
    const answer = async (kind: string) => {
      sandbox.faults.set({ seed: 1, probability: { [kind]: 1 } });
      return call('GET', list);
    };
    expect(await answer('rate_limit')).toMatchObject({
      status: 429,
      body: { policyName: 'TEN_SECONDLY_ROLLING' },
    });
    expect(await answer('expired_token')).toMatchObject({
      status: 401,
      body: { category: 'EXPIRED_AUTHENTICATION' },
    });
    const gateway = await answer('server_error');
    expect(gateway.status).toBe(502);
    expect(gateway.body['text']).toContain('<html>');
  });

  test('the same seed gives the same ids, tokens and faults', async () => {
    const runs: unknown[] = [];
    for (let run = 0; run < 2; run += 1) {
      await using harness = await openHarness({ seed: 7 });
      const { sandbox, call } = harness;
      sandbox.faults.set({ seed: 3, probability: { rate_limit: 0.3, server_error: 0.2 } });
      const statuses: number[] = [];
      for (let index = 0; index < 20; index += 1) {
        statuses.push((await call('POST', list, { properties: { city: `c${index}` } })).status);
      }
      runs.push([sandbox.token, statuses, [...sandbox.rows('contacts')]]);
    }
    expect(runs[0]).toEqual(runs[1]);
  });
});
