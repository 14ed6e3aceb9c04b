import { describe, expect, test } from 'vitest';
import type { RowChange } from '../../engine/words/destination.ts';
import { TransientError } from '../../engine/words/errors.ts';
import { salesforce as extractor } from '../../extractors/salesforce.ts';
import { salesforce as destination } from '../../reverse-etl/salesforce.ts';
import { findStream, runRead } from '../conformance/extractor.ts';
import { createLanding } from '../conformance/landing.ts';
import { loadAccounts, openBench } from './bench.ts';
import { type Intercepted, type Replacement, startProxy } from './proxy.ts';

const signal = new AbortController().signal;
const bulk = 2000;

/** A bench whose every call passes a proxy. */
async function openBehind(
  intercept: (request: Intercepted) => Replacement | undefined,
  after?: (request: Intercepted, body: unknown) => unknown,
  config: { bulk_from?: number } = {},
) {
  const bench = await openBench();
  const proxy = await startProxy(bench.sandbox.url, intercept, after);
  const context = bench.reopen({ login_url: proxy.url, ...config });
  return {
    ...bench,
    context,
    extractor: extractor.create(context),
    account: destination.create(context, 'Account'),
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await bench.sandbox.close();
    },
  };
}

function creates(count: number, site: (n: number) => string = (n) => `s${n}`): RowChange[] {
  return Array.from({ length: count }, (_, n) => ({
    key: `${n}`,
    action: 'create',
    fields: { Name: 'a', Site: site(n) },
  }));
}

const isCollection = (request: Intercepted): boolean =>
  request.path.includes('/composite/sobjects');
const locked = { statusCode: 'UNABLE_TO_LOCK_ROW', message: 'unable to obtain', fields: [] };
const fault = (status: number, errorCode: string, message = ''): Replacement => ({
  status,
  body: [{ errorCode, message }],
});

describe('locked rows', () => {
  test('are sent again, alone, until they are free', async () => {
    let calls = 0;
    const sizes: number[] = [];
    await using bench = await openBehind((request) => {
      if (!isCollection(request)) return undefined;
      calls += 1;
      const { records } = JSON.parse(request.body) as { records: unknown[] };
      sizes.push(records.length);
      if (calls > 2) return undefined;
      const answer = (n: number) => ({ id: `00100000000000${n}AAA`, success: true, errors: [] });
      const results = records.map((_, n) =>
        n < 3 - calls ? { success: false, errors: [locked] } : answer(n),
      );
      return { status: 200, body: results };
    });
    const results = await bench.account.write(creates(4), signal);
    expect(results.map((result) => result.status)).toEqual(Array(4).fill('written'));
    expect(sizes).toEqual([4, 2, 1]);
  });

  test('that stay locked are deferred: certainly not written', async () => {
    await using bench = await openBehind((request) =>
      isCollection(request) ? fault(500, 'UNABLE_TO_LOCK_ROW') : undefined,
    );
    const results = await bench.account.write(creates(2), signal);
    expect(results.map((result) => result.status)).toEqual(['deferred', 'deferred']);
  });
});

describe('whole calls refused', () => {
  const poison = (request: Intercepted): Replacement | undefined =>
    isCollection(request) && request.body.includes('poison')
      ? fault(400, 'JSON_PARSER_ERROR', 'Cannot deserialize')
      : undefined;

  test('for one malformed row are halved until that row stands alone', async () => {
    await using bench = await openBehind(poison);
    const changes = creates(200, (n) => (n === 123 ? 'poison' : `s${n}`));
    const results = await bench.account.write(changes, signal);
    const refused = results.flatMap((result, n) => (result.status === 'rejected' ? [n] : []));
    expect(refused).toEqual([123]);
    expect(bench.sandbox.count('Account')).toBe(199);
  });

  test('for all rows end within the limit of calls', async () => {
    let calls = 0;
    await using bench = await openBehind((request) => {
      calls += isCollection(request) ? 1 : 0;
      return poison(request);
    });
    const results = await bench.account.write(
      creates(200, () => 'poison'),
      signal,
    );
    expect(results.map(({ status }) => status)).toEqual(Array(200).fill('rejected'));
    expect(calls).toBeLessThanOrEqual(41);
  });

  test('for a missing permission stop with what to do', async () => {
    await using bench = await openBehind((request) =>
      isCollection(request) ? fault(403, 'INSUFFICIENT_ACCESS') : undefined,
    );
    const stop = { code: 'permission-missing' };
    expect(await bench.account.write(creates(2), signal)).toMatchObject([
      { status: 'deferred', stop },
      { status: 'deferred', stop },
    ]);
  });

  test('at the day’s limit defer what is left and keep what was answered', async () => {
    let calls = 0;
    await using bench = await openBehind((request) => {
      if (!isCollection(request)) return undefined;
      calls += 1;
      const message = 'TotalRequests Limit exceeded.';
      return calls > 1 ? fault(403, 'REQUEST_LIMIT_EXCEEDED', message) : undefined;
    });
    const results = await bench.account.write(creates(600), signal);
    const statuses = results.map((result) => result.status);
    expect(statuses).toEqual([...Array(200).fill('written'), ...Array(400).fill('deferred')]);
    expect(calls).toBe(2);
  });
});

describe('bulk jobs', () => {
  const refuseJobs = (request: Intercepted): Replacement | undefined =>
    request.method === 'POST' && /\/jobs\/(query|ingest)$/.test(request.path)
      ? fault(400, 'INVALIDENTITY', 'Entity is not supported by the Bulk API')
      : undefined;

  test('that do not take an object leave it to pages', async () => {
    await using bench = await openBehind(refuseJobs, undefined, { bulk_from: 5 });
    loadAccounts(bench.sandbox, 4500);
    const stream = await findStream(bench.extractor, 'Account');
    const landing = createLanding(stream);
    await runRead({ extractor: bench.extractor, now: bench.clock.now }, stream, landing);
    expect(landing.added).toBe(4500);
    expect(bench.sandbox.calls.byRoute['GET /queryAll']).toBe(3);
  });

  test('that do not take an object leave its changes to collections', async () => {
    await using bench = await openBehind(refuseJobs);
    const results = await bench.account.write(creates(bulk), signal);
    expect(new Set(results.map((result) => result.status))).toEqual(new Set(['written']));
    expect(bench.sandbox.count('Account')).toBe(bulk);
  });

  const endAs = (reason: string) => (request: Intercepted, body: unknown) => {
    const job = body as Record<string, unknown>;
    const isPoll = request.method === 'GET' && /\/jobs\/\w+\/\w+$/.test(request.path);
    return isPoll ? { ...job, state: 'Failed', errorMessage: reason } : body;
  };

  test.each([
    ['InvalidBatch : Field name not found : Nope__c', 'rejected'],
    ['Too many batches failed', 'deferred'],
  ])('that failed because of "%s" leave their rows %s', async (reason, status) => {
    const unprocessed = (request: Intercepted): Replacement | undefined => {
      if (!/successfulResults|failedResults|unprocessedrecords/.test(request.path))
        return undefined;
      const isUnprocessed = request.path.includes('unprocessedrecords');
      const lines = creates(bulk).map((one) => `"a","${String(one.fields['Site'])}"`);
      const body = isUnprocessed ? ['"Name","Site"', ...lines].join('\n') : '"sf__Id"\n';
      return { status: 200, body, type: 'text/csv' };
    };
    await using bench = await openBehind(unprocessed, endAs(reason));
    const results = await bench.account.write(creates(bulk), signal);
    expect(new Set(results.map((result) => result.status))).toEqual(new Set([status]));
  });

  test('that fail again and again end the read as transient, nothing claimed', async () => {
    await using bench = await openBehind(() => undefined, endAs('out of luck'), { bulk_from: 5 });
    loadAccounts(bench.sandbox, 2500);
    const stream = await findStream(bench.extractor, 'Account');
    const landing = createLanding(stream);
    const world = { extractor: bench.extractor, now: bench.clock.now };
    await expect(runRead(world, stream, landing)).rejects.toBeInstanceOf(TransientError);
    expect(bench.sandbox.calls.byRoute['POST /jobs/query']).toBe(3);
    expect(landing.live().size).toBe(2000);
  });
});

test('an edge’s HTML page in place of an answer is asked for again', async () => {
  let pages = 0;
  await using bench = await openBehind((request) => {
    if (!request.path.includes('/queryAll') || pages >= 2) return undefined;
    pages += 1;
    return { status: pages === 1 ? 200 : 502, body: '<html>maintenance</html>', type: 'text/html' };
  });
  loadAccounts(bench.sandbox, 3);
  const stream = await findStream(bench.extractor, 'Account');
  const landing = createLanding(stream);
  await runRead({ extractor: bench.extractor, now: bench.clock.now }, stream, landing);
  expect(landing.live().size).toBe(3);
});

test('a description cut short by a proxy is asked for again', async () => {
  let cut = 0;
  await using bench = await openBehind((request) => {
    if (!/\/describe$|\/sobjects$/.test(request.path) || cut >= 4) return undefined;
    cut += 1;
    return cut % 2 === 1 ? { status: 200, body: '{"name":"Acc' } : undefined;
  });
  const streams = await bench.extractor.discover(signal, (name) => name === 'Account');
  expect(streams).toHaveLength(1);
  expect(cut).toBe(4);
});

test('a sign-in answered with something else says that login_url is wrong', async () => {
  await using bench = await openBehind((request) =>
    request.path.includes('/oauth2/') ? { status: 200, body: 'hello' } : undefined,
  );
  await expect(bench.extractor.check(signal)).rejects.toMatchObject({
    code: 'bad-page',
    hint: expect.stringContaining('login_url') as string,
  });
});
