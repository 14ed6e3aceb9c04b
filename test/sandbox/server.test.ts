import { request as httpRequest } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createClock } from '../../sandbox/clock.ts';
import { createFaults, type Faults, faultKinds } from '../../sandbox/faults.ts';
import { type SandboxServer, startServer } from '../../sandbox/server.ts';

let faults: Faults;
let server: SandboxServer;
let applied: string[];
const clock = createClock();
const loaded: unknown[] = [];

beforeEach(async () => {
  faults = createFaults();
  applied = [];
  server = await startServer({
    faults,
    faultReply: (kind) => ({ status: kind === 'rate_limit' ? 429 : 503, body: { kind } }),
    handle(request) {
      applied.push(`${request.method} ${request.path}`);
      if (request.path === '/throw') throw new Error('broken');
      if (request.path === '/big') return { status: 200, body: { text: 'x'.repeat(100_000) } };
      if (request.path === '/stream') {
        return {
          status: 200,
          body: (function* () {
            for (let i = 0; i < 1000; i += 1) yield `line ${i}\n`.repeat(100);
          })(),
        };
      }
      if (request.path === '/none') return { status: 204 };
      return { status: 200, body: { echo: request.body.toString(), q: request.query.get('q') } };
    },
    routeName: (request) => `${request.method} ${request.path.replace(/\d+/g, ':id')}`,
    control: {
      clock,
      define() {},
      load(_object, rows) {
        for (const row of rows) loaded.push(row);
        return loaded.length;
      },
      person: () => '001',
      rows: () => [{ a: 1 }, { a: 2 }],
      count: () => 2,
    },
  });
});
afterEach(async () => {
  clock.release();
  await server.close();
});

describe('a sandbox server', () => {
  test('answers carry the time of the sandbox, not of the machine', async () => {
    clock.advance(7 * 86_400_000);
    const { headers } = await fetch(`${server.url}/a`);
    const atMs = Date.parse(headers.get('date') ?? '');
    expect(clock.now() - atMs).toBeLessThan(60_000);
  });

  test('answers JSON and counts calls by route with ids stripped', async () => {
    const answer = await fetch(`${server.url}/things/12?q=a%20b`, { method: 'POST', body: 'hi' });
    expect(await answer.json()).toEqual({ echo: 'hi', q: 'a b' });
    await fetch(`${server.url}/things/13`);
    expect(server.calls.byRoute).toEqual({ 'POST /things/:id': 1, 'GET /things/:id': 1 });
    expect(server.calls.total).toBe(2);
  });

  test('compresses large answers for those who accept it, and only for those', async () => {
    const get = (path: string, gzip: boolean): Promise<{ encoding: unknown; body: Buffer }> =>
      new Promise((resolve, reject) => {
        const headers = gzip ? { 'accept-encoding': 'gzip' } : {};
        httpRequest(`${server.url}${path}`, { headers }, (response) => {
          const chunks: Buffer[] = [];
          const encoding = response.headers['content-encoding'];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => resolve({ encoding, body: Buffer.concat(chunks) }));
        })
          .on('error', reject)
          .end();
      });
    const packed = await get('/big', true);
    expect(packed.encoding).toBe('gzip');
    expect(gunzipSync(packed.body).length).toBe(100_011);
    expect((await get('/big', false)).encoding).toBeUndefined();
    expect((await get('/small', true)).encoding).toBeUndefined();
    expect(gunzipSync((await get('/stream', true)).body).toString()).toContain('line 999\n');
    expect((await get('/stream', false)).body.length).toBeGreaterThan(700_000);
  });

  test('says that a fault is its own when its handler breaks', async () => {
    const answer = await fetch(`${server.url}/throw`);
    expect(answer.status).toBe(500);
    expect(await answer.text()).toContain('fault in the sandbox itself: Error: broken');
  });

  test('sends 204 without a body', async () => {
    const answer = await fetch(`${server.url}/none`);
    expect(answer.status).toBe(204);
    expect(await answer.text()).toBe('');
  });
});

describe('faults', () => {
  const only = (kind: (typeof faultKinds)[number], most = 1) =>
    faults.set({ seed: 1, probability: { [kind]: 1 }, most, slowMs: 1 });

  test('lost_reply applies the request, dropped_connection does not', async () => {
    only('lost_reply');
    await expect(fetch(`${server.url}/a`, { method: 'POST' })).rejects.toThrow();
    only('dropped_connection');
    await expect(fetch(`${server.url}/b`, { method: 'POST' })).rejects.toThrow();
    expect(applied).toEqual(['POST /a']);
    expect(faults.injected).toMatchObject({ lost_reply: 1, dropped_connection: 1 });
    expect(server.calls.total).toBe(2);
  });

  test('rate_limit and server_error answer in the words of the CRM and execute nothing', async () => {
    only('rate_limit');
    expect((await fetch(`${server.url}/a`)).status).toBe(429);
    only('server_error');
    expect((await fetch(`${server.url}/a`)).status).toBe(503);
    expect(applied).toEqual([]);
  });

  test('truncated_body executes and cuts the line in the middle of the answer', async () => {
    only('truncated_body', 3);
    for (const path of ['/big', '/stream', '/small']) {
      const answer = await fetch(`${server.url}${path}`);
      expect(answer.status).toBe(200);
      await expect(answer.text()).rejects.toThrow();
    }
    expect(applied).toEqual(['GET /big', 'GET /stream', 'GET /small']);
  });

  test('slow executes and answers', async () => {
    only('slow');
    expect((await fetch(`${server.url}/a`)).status).toBe(200);
    expect(faults.injected.slow).toBe(1);
  });

  test('the same seed and requests give the same faults', () => {
    const draw = (seed: number): unknown[] => {
      const some = createFaults();
      const probability = Object.fromEntries(faultKinds.map((kind) => [kind, 0.1]));
      some.set({ seed, probability });
      return Array.from({ length: 200 }, (_, i) => some.next('GET', `/x/${i}`));
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(new Set(draw(7)).size).toBe(faultKinds.length + 1);
  });

  test('a plan touches only its paths and methods, and refuses an unknown kind', () => {
    faults.set({ seed: 1, probability: { slow: 1 }, paths: '^/a', methods: ['GET'] });
    expect(faults.next('GET', '/a/1')).toBe('slow');
    expect(faults.next('POST', '/a/1')).toBeUndefined();
    expect(faults.next('GET', '/b')).toBeUndefined();
    faults.set({ seed: 1, probability: { expired_token: 1 } });
    expect(faults.next('POST', '/services/oauth2/token')).toBeUndefined();
    const wrong = { seed: 1, probability: { sloow: 1 } as Record<string, number> };
    expect(() => faults.set(wrong)).toThrow('unknown fault "sloow"');
  });
});

describe('controls', () => {
  const post = async (path: string, body: unknown): Promise<unknown> => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return (await fetch(`${server.url}/_sandbox/${path}`, { method: 'POST', body: text })).json();
  };

  test('are neither counted nor faulted', async () => {
    faults.set({ seed: 1, probability: { dropped_connection: 1 } });
    const calls = await (await fetch(`${server.url}/_sandbox/calls`)).json();
    expect(calls).toMatchObject({ total: 0, by_route: {}, injected: { dropped_connection: 0 } });
  });

  test('hold, advance and release the clock', async () => {
    expect(await post('clock', { hold: '2026-01-01T00:00:00Z' })).toEqual({
      now: '2026-01-01T00:00:00.000Z',
    });
    expect(await post('clock', { advance_ms: 60_000 })).toEqual({
      now: '2026-01-01T00:01:00.000Z',
    });
    await post('clock', { release: true });
    expect(clock.now()).toBeLessThan(Date.parse('2026-01-01T01:00:00Z'));
  });

  test('set and clear faults', async () => {
    await post('faults', { seed: 1, probability: { rate_limit: 1 } });
    expect((await fetch(`${server.url}/a`)).status).toBe(429);
    await post('faults', 'null');
    expect((await fetch(`${server.url}/a`)).status).toBe(200);
  });

  test('load JSON lines and JSON arrays, and name the line that is not JSON', async () => {
    loaded.length = 0;
    expect(await post('load?object=A', '{"a":1}\n\n{"a":2}\n')).toEqual({ loaded: 2 });
    expect(await post('load?object=A', [{ a: 3 }])).toEqual({ loaded: 3 });
    expect(await post('load?object=A', '{"a":1}\n{oops\n')).toMatchObject({
      message: expect.stringContaining('line 2'),
    });
  });

  test('print rows as one JSON object a line', async () => {
    const answer = await fetch(`${server.url}/_sandbox/rows?object=A`);
    expect(await answer.text()).toBe('{"a":1}\n{"a":2}\n');
    const missing = await fetch(`${server.url}/_sandbox/rows`);
    expect(missing.status).toBe(400);
  });
});
