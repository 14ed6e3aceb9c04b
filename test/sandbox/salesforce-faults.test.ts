import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FaultKind } from '../../sandbox/faults.ts';
import type { SalesforceSandbox } from '../../sandbox/salesforce/sandbox.ts';
import { connectJsforce, type RestClient, signIn, startHeld } from './salesforce-client.ts';

let sandbox: SalesforceSandbox;
let client: RestClient;

beforeEach(async () => {
  sandbox = await startHeld({ dailyCalls: 20 });
  client = await signIn(sandbox);
});
afterEach(() => sandbox.close());

const once = (kind: FaultKind): void =>
  sandbox.faults.set({ seed: 1, probability: { [kind]: 1 }, most: 1 });
const create = () => client.call('POST', '/sobjects/Account', { Name: 'A' });

describe('faults', () => {
  test('a lost reply has applied the write, a dropped connection has not', async () => {
    once('dropped_connection');
    await expect(create()).rejects.toThrow();
    expect(sandbox.count('Account')).toBe(0);
    once('lost_reply');
    await expect(create()).rejects.toThrow();
    expect(sandbox.count('Account')).toBe(1);
    once('truncated_body');
    await expect(create()).rejects.toThrow();
    expect(sandbox.count('Account')).toBe(2);
  });

  test('an expired token is refused until the next sign-in', async () => {
    once('expired_token');
    const answer = await create();
    expect([answer.status, answer.json]).toMatchObject([
      401,
      [{ errorCode: 'INVALID_SESSION_ID' }],
    ]);
    expect((await create()).status).toBe(401);
    client = await signIn(sandbox);
    expect((await create()).status).toBe(201);
  });

  test('limits and outages are answered as Salesforce does', async () => {
    once('rate_limit');
    const limited = await create();
    expect([limited.status, limited.json]).toMatchObject([
      403,
      [{ errorCode: 'REQUEST_LIMIT_EXCEEDED', message: expect.stringContaining('Concurrent') }],
    ]);
    expect(limited.headers.get('retry-after')).toBeNull();
    once('server_error');
    expect((await create()).status).toBe(503);
    expect(sandbox.count('Account')).toBe(0);
  });

  test('jsforce rides over one outage of a read by itself', async () => {
    const connection = await connectJsforce(sandbox);
    sandbox.faults.set({
      seed: 1,
      probability: { server_error: 1 },
      methods: ['GET'],
      most: 1,
    });
    expect((await connection.query('SELECT count() FROM Account')).totalSize).toBe(0);
    expect(sandbox.faults.injected.server_error).toBe(1);
  });
});

describe('the daily limit', () => {
  test('is shown on every answer, ends in 403, and comes back after 24 hours', async () => {
    const first = await client.call('GET', '/limits');
    expect(first.headers.get('sforce-limit-info')).toBe('api-usage=1/20');
    const wrong = await client.call('GET', '/query?q=SELECT+Nope+FROM+Account');
    expect(wrong.headers.get('sforce-limit-info')).toBe('api-usage=2/20');
    for (let call = 2; call < 20; call += 1) expect((await create()).status).toBe(201);
    const over = await create();
    expect([over.status, over.json]).toMatchObject([
      403,
      [{ errorCode: 'REQUEST_LIMIT_EXCEEDED', message: 'TotalRequests Limit exceeded.' }],
    ]);
    sandbox.clock.advance(25 * 3600_000);
    client = await signIn(sandbox);
    expect((await create()).status).toBe(201);
  });
});

describe('locators', () => {
  test('give the same page again, see edits, lose erased rows, and expire after two days', async () => {
    await sandbox.close();
    sandbox = await startHeld({ pageSizeMax: 2, sessionMs: 10 * 24 * 3600_000 });
    client = await signIn(sandbox);
    sandbox.load('Account', [{ Name: 'A' }, { Name: 'B' }, { Name: 'C' }, { Name: 'D' }]);
    const ids = [...sandbox.rows('Account')].map((row) => String(row['Id']));
    const first = await client.call('GET', '/query?q=SELECT+Name+FROM+Account+ORDER+BY+Name');
    const { nextRecordsUrl } = first.json as { nextRecordsUrl: string };
    expect(nextRecordsUrl).toMatch(/^\/services\/data\/v62\.0\/query\/01g\w{15}-2$/);
    sandbox.person.update('Account', ids[2] ?? '', { Name: 'Changed' });
    sandbox.person.remove('Account', ids[3] ?? '', undefined, true);
    for (let time = 0; time < 2; time += 1) {
      expect((await client.call('GET', nextRecordsUrl)).json).toMatchObject({
        totalSize: 4,
        done: true,
        records: [{ Name: 'Changed' }],
      });
    }
    sandbox.clock.advance(2 * 24 * 3600_000);
    const late = await client.call('GET', nextRecordsUrl);
    expect([late.status, late.json]).toMatchObject([400, [{ errorCode: 'INVALID_QUERY_LOCATOR' }]]);
  });
});
