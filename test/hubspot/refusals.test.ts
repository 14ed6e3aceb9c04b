import { expect, onTestFinished, test } from 'vitest';
import { hubspot } from '../../reverse-etl/hubspot.ts';
import { idOf } from '../conformance/destination.ts';
import { type Replacement, startProxy } from '../salesforce/proxy.ts';
import { create, type HubSpotBench, openBench, propertiesOf, writeOne } from './bench.ts';

const signal = new AbortController().signal;

async function openProxied(
  bench: HubSpotBench,
  intercept: (path: string, body: string) => Replacement | undefined,
  after?: (path: string, body: unknown) => unknown,
) {
  const proxy = await startProxy(
    bench.sandbox.url,
    (request) => intercept(request.path, request.body),
    (request, body) => (after === undefined ? body : after(request.path, body)),
  );
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  return hubspot.create(bench.reopen({ url: proxy.url }), 'contacts');
}

const conflict: Replacement = {
  status: 409,
  body: { status: 'error', category: 'CONFLICT', message: 'Contact already exists.' },
};

test('a call refused as a whole is halved until the bad row stands alone', async () => {
  await using bench = await openBench();
  const destination = await openProxied(bench, (path, body) =>
    path.endsWith('/batch/create') && body.includes('bad row') ? conflict : undefined,
  );
  const changes = Array.from({ length: 50 }, (_, index) =>
    create(String(index), { firstname: index === 17 ? 'bad row' : `good ${index}` }),
  );
  const results = await destination.write(changes, signal);
  expect(results[17]).toMatchObject({ status: 'rejected', code: 'duplicate' });
  expect(results.filter((result) => result.status === 'written')).toHaveLength(49);
  expect(bench.sandbox.count('contacts')).toBe(49);
});

test('answers without trace ids find their rows, or none where two rows would do', async () => {
  await using bench = await openBench();
  const strip = (path: string, body: unknown): unknown => {
    const { results } = body as { results?: Record<string, unknown>[] };
    if (!path.includes('/batch/') || results === undefined) return body;
    for (const result of results) delete result['objectWriteTraceId'];
    return { ...(body as object), results: results.toReversed() };
  };
  const destination = await openProxied(bench, () => undefined, strip);
  const results = await destination.write(
    [
      create('a', { firstname: 'A', email: 'a@example.com' }),
      create('b', { firstname: 'B', email: 'b@example.com' }),
      create('c', { firstname: 'same' }),
      create('d', { firstname: 'same' }),
    ],
    signal,
  );
  const ids = results.slice(0, 2).map(idOf);
  expect(ids.map((id) => propertiesOf(bench, 'contacts', id)['firstname'])).toEqual(['A', 'B']);
  expect(results.slice(2).map(({ status }) => status)).toEqual(['in_doubt', 'in_doubt']);
  const updated = await destination.write(
    ids.map((id) => ({ key: id, action: 'update', id, fields: { firstname: `new ${id}` } })),
    signal,
  );
  expect(updated.map(idOf)).toEqual(ids);
});

test('a create is not sent again when its answer makes no sense', async () => {
  await using bench = await openBench();
  let creates = 0;
  const destination = await openProxied(bench, (path) => {
    if (!path.endsWith('/batch/create')) return undefined;
    creates += 1;
    return { status: 201, body: '{"status":"COMPLETE","resu' };
  });
  const results = await destination.write([create('a', { firstname: 'A' })], signal);
  expect(results[0]?.status).toBe('in_doubt');
  expect(creates).toBe(1);
});

test('what fails before anything is sent leaves the rows for the next run', async () => {
  await using bench = await openBench();
  const destination = await openProxied(bench, (path) =>
    path.endsWith('/labels') ? { status: 503, body: {} } : undefined,
  );
  const associations = [{ to: 'companies', id: '1' }];
  const result = await writeOne(destination, create('a', { firstname: 'A' }, { associations }));
  expect(result.status).toBe('deferred');
});

test('an account on the move, and one whose day is used up, defer the rows', async () => {
  await using bench = await openBench();
  const replies: Replacement[] = [
    { status: 477, body: { status: 'error', message: 'Migration in progress' } },
    {
      status: 429,
      body: {
        status: 'error',
        message: 'You have reached your daily limit.',
        errorType: 'RATE_LIMIT',
        policyName: 'DAILY',
      },
    },
  ];
  for (const reply of replies) {
    let calls = 0;
    const destination = await openProxied(bench, (path) => {
      if (!path.endsWith('/batch/create')) return undefined;
      calls += 1;
      return reply;
    });
    const results = await destination.write([create('a', { firstname: 'A' })], signal);
    expect(results[0]?.status).toBe('deferred');
    expect(calls).toBe(1);
  }
});
