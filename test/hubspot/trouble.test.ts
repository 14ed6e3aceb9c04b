import { expect, test } from 'vitest';
import { BudgetExhausted, TerminalError } from '../../engine/words/errors.ts';
import type { Cursor } from '../../engine/words/stream.ts';
import { hubspot } from '../../extractors/hubspot.ts';
import { createClock } from '../../sandbox/clock.ts';
import { findStream } from '../conformance/extractor.ts';
import { createLanding } from '../conformance/landing.ts';
import { type Replacement, startProxy } from '../salesforce/proxy.ts';
import { createVirtualClock } from '../wire/virtual-clock.ts';
import {
  type HubSpotBench,
  loadContacts,
  minuteMs,
  openBench,
  readInto,
  startMs,
} from './bench.ts';

const signal = new AbortController().signal;

/** Reads contacts while HubSpot answers list calls with `replies` first. */
async function readThrough(bench: HubSpotBench, replies: readonly Replacement[]) {
  const waiting = [...replies];
  await using proxy = await startProxy(bench.sandbox.url, ({ path, method }) =>
    method === 'GET' && path.startsWith('/crm/v3/objects/') ? waiting.shift() : undefined,
  );
  const extractor = hubspot.create(bench.reopen({ url: proxy.url }));
  const stream = await findStream(extractor, 'contacts');
  const landing = createLanding(stream);
  await readInto({ ...bench, extractor }, stream, landing);
  return landing;
}

const tenSecondly: Replacement = {
  status: 429,
  body: {
    status: 'error',
    message: 'You have reached your ten_secondly_rolling limit.',
    errorType: 'RATE_LIMIT',
    policyName: 'TEN_SECONDLY_ROLLING',
  },
};

const secondly: Replacement = {
  status: 429,
  body: {
    status: 'error',
    message: 'You have reached your secondly limit.',
    category: 'RATE_LIMITS',
  },
};

const passing: readonly (readonly [string, Replacement])[] = [
  ['429 of ten seconds', tenSecondly],
  ['429 of a second', secondly],
  ['423', { status: 423, body: { status: 'error', message: 'Locked' } }],
  ['502 in HTML', { status: 502, body: '<html><h1>Bad Gateway</h1></html>', type: 'text/html' }],
  ['524 without a body', { status: 524, body: '' }],
  ['403 in HTML', { status: 403, body: '<!doctype html><p>blocked</p>', type: 'text/html' }],
  ['200 in HTML', { status: 200, body: '<html></html>', type: 'text/html' }],
  ['a body cut short', { status: 200, body: '{"results":[{"id":"1","prop' }],
  ['a body without results', { status: 200, body: { status: 'PENDING' } }],
];

test.each(passing)('%s passes by itself', async (_, reply) => {
  await using bench = await openBench();
  loadContacts(bench.sandbox, 3);
  const landing = await readThrough(bench, [reply, reply]);
  expect(landing.live().size).toBe(3);
});

test('waits as long as a ten-second limit needs, and no hour for a moving account', async () => {
  await using bench = await openBench();
  loadContacts(bench.sandbox, 3);
  const before = bench.clock.now();
  await readThrough(bench, [tenSecondly]);
  expect(bench.clock.now() - before).toBeGreaterThanOrEqual(3000);
  const moving: Replacement = { status: 477, body: { status: 'error', message: 'Moving' } };
  const failing = readThrough(bench, [moving]);
  await expect(failing).rejects.toMatchObject({ code: 'account-moving' });
  expect(bench.clock.now() - before).toBeLessThan(minuteMs);
});

test("HubSpot's own daily limit ends the stream cleanly, and the next day goes on", async () => {
  await using bench = await openBench();
  loadContacts(bench.sandbox, 450);
  const stream = await findStream(bench.extractor, 'contacts');
  const landing = createLanding(stream);
  bench.sandbox.setLimits({ daily: bench.calls() + 3 });
  await expect(readInto(bench, stream, landing)).rejects.toBeInstanceOf(BudgetExhausted);
  expect(landing.live().size).toBe(300);
  bench.advance(24 * 60 * minuteMs);
  bench.sandbox.setLimits({ daily: 1000 });
  await readInto(bench, stream, landing);
  expect(landing.live().size).toBe(450);
  expect(landing.added).toBe(450);
});

test('a share of the daily limit is taken of what HubSpot tells a private app', async () => {
  await using bench = await openBench({ dailyCalls: 10 });
  loadContacts(bench.sandbox, 950);
  const config = { token: bench.sandbox.token, daily_calls: '50%' };
  const extractor = hubspot.create(bench.reopen(config));
  const stream = await findStream(extractor, 'contacts');
  const landing = createLanding(stream);
  const read = readInto({ ...bench, extractor }, stream, landing);
  await expect(read).rejects.toMatchObject({ used: 5, budget: 5 });
  expect(bench.calls()).toBe(5);
});

test.each([
  ['of a small plan', 100],
  ['of a large plan', 250],
])('the limits %s are kept, and used', async (_, tenSecondlyCalls) => {
  const clock = createVirtualClock(startMs);
  // The account lives in the time that our waits take.
  const shared = { ...createClock(), now: clock.now };
  const limits = { tenSecondlyCalls, searchPerSecond: 5 };
  await using bench = await openBench({ clock: shared, ...limits }, {}, clock);
  loadContacts(bench.sandbox, 300);
  const extractor = hubspot.create(bench.reopen({ token: bench.sandbox.token }));
  const stream = await findStream(extractor, 'contacts');
  const calls = bench.calls();
  const read = async (cursor: Cursor | undefined) => {
    const landing = createLanding(stream);
    landing.cursor = cursor;
    await readInto({ ...bench, extractor, clock }, stream, landing, { lookbackMs: 0 });
    return landing.cursor;
  };
  const cursors = await Promise.all(Array.from({ length: 120 }, () => read(undefined)));
  await Promise.all(cursors.slice(0, 20).map(read));
  // As many calls as pages: none was refused and repeated.
  expect(bench.calls() - calls).toBe(120 * 4 + 20);
  const tookMs = clock.now() - startMs;
  const leastMs = ((120 * 4) / tenSecondlyCalls) * 10_000;
  expect(tookMs).toBeLessThan(leastMs * 1.3 + 20_000 / 4 + 2000);
});

test('a private token works, and a wrong one is refused without being shown', async () => {
  await using bench = await openBench();
  loadContacts(bench.sandbox, 3);
  const good = hubspot.create(bench.reopen({ token: bench.sandbox.token }));
  await good.check(signal);
  expect((await findStream(good, 'contacts')).name).toBe('contacts');
  const wrong = hubspot.create(bench.reopen({ token: 'pat-na1-wrong-secret' }));
  const error: unknown = await wrong.check(signal).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TerminalError);
  expect(error).toMatchObject({ code: 'credentials-refused' });
  const { message, hint, cause } = error as TerminalError;
  expect(JSON.stringify([message, hint, cause])).not.toContain('wrong-secret');
});

test('revoked access tokens are renewed once for all callers', async () => {
  await using bench = await openBench();
  loadContacts(bench.sandbox, 3);
  const signIns = () => bench.sandbox.calls.byRoute['POST /oauth/v1/token'] ?? 0;
  const stream = await findStream(bench.extractor, 'contacts');
  const before = signIns();
  bench.sandbox.signIn.revokeTokens();
  const names = ['contacts', 'companies', 'deals', 'tickets'];
  expect(await bench.extractor.discover(signal, names)).toHaveLength(4);
  expect(signIns() - before).toBe(1);
  bench.sandbox.signIn.revokeTokens(true);
  const read = readInto(bench, stream, createLanding(stream));
  await expect(read).rejects.toMatchObject({ code: 'credentials-refused' });
});

test('an access token is renewed before it ends, without a refused call', async () => {
  await using bench = await openBench();
  loadContacts(bench.sandbox, 3);
  await findStream(bench.extractor, 'contacts');
  bench.advance(31 * minuteMs);
  const before = bench.sandbox.calls.total;
  await findStream(bench.extractor, 'contacts');
  expect(bench.sandbox.calls.total - before).toBe(2);
});

test('a connection without credentials says what to give', async () => {
  await using bench = await openBench();
  const context = bench.reopen({ refresh_token: '' });
  expect(() => hubspot.create(context)).toThrow(TerminalError);
});
