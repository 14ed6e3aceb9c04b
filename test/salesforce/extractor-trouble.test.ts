import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { openAccount } from '../../apis/salesforce/account.ts';
import { BudgetExhausted, TerminalError } from '../../engine/words/errors.ts';
import { salesforce } from '../../extractors/salesforce.ts';
import { findStream, runRead } from '../conformance/extractor.ts';
import { createLanding } from '../conformance/landing.ts';
import { loadAccounts, openBench, readInto, type SalesforceBench, startMs } from './bench.ts';

const signal = new AbortController().signal;
const minuteMs = 60_000;
const dayMs = 86_400_000;

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('going on after an interruption', () => {
  test('a token that expires between pages costs one more sign-in and nothing else', async () => {
    await using bench = await openBench({ pageSizeMax: 10 }, { bulk_from: 1000 });
    loadAccounts(bench.sandbox, 35);
    const stream = await findStream(bench.extractor, 'Account');
    const landing = createLanding(stream);
    bench.sandbox.calls.reset();
    await readInto(bench, stream, landing, {}, (_, pages) => {
      if (pages === 2) bench.sandbox.oauth.expireAll();
    });
    expect(landing.added).toBe(35);
    expect(bench.sandbox.calls.byRoute).toEqual({
      'GET /queryAll': 5,
      'POST /services/oauth2/token': 1,
    });
  });

  test('a late commit behind the place of an interrupted read is found by the next one', async () => {
    await using bench = await openBench({ pageSizeMax: 10 }, { bulk_from: 1000 });
    const { person } = bench.sandbox;
    const at = (second: number): string => new Date(startMs + second * 1000).toISOString();
    for (let n = 0; n < 40; n += 1) person.create('Account', { Name: `a${n}` }, at(n));
    bench.advance(minuteMs);
    const stream = await findStream(bench.extractor, 'Account');
    const landing = createLanding(stream);
    const world = { extractor: bench.extractor, now: bench.clock.now };
    await runRead(world, stream, landing, { pagesMax: 3 });
    const late = person.create('Account', { Name: 'late' }, at(5));
    bench.advance(5 * minuteMs);
    await runRead(world, stream, landing);
    expect(landing.live().has(late)).toBe(false);
    bench.advance(60 * minuteMs);
    await runRead(world, stream, landing);
    expect(landing.live().has(late)).toBe(true);
    expect(landing.added).toBe(41);
    let records = 0;
    bench.advance(60 * minuteMs);
    await readInto(bench, stream, landing, {}, (page) => {
      records += page.records ?? 0;
    });
    await readInto(bench, stream, landing, {}, (page) => {
      records += page.records ?? 0;
    });
    expect(records).toBeLessThanOrEqual(41);
  });

  test('another process goes on with the bulk job that was begun', async () => {
    await using bench = await openBench({ bulkPageSizeMax: 10 }, { bulk_from: 20 });
    loadAccounts(bench.sandbox, 2060);
    const stream = await findStream(bench.extractor, 'Account');
    const landing = createLanding(stream);
    for (const pagesMax of [2, 1, 1, 100]) {
      const extractor = salesforce.create(bench.reopen());
      await runRead({ extractor, now: bench.clock.now }, stream, landing, { pagesMax });
    }
    expect(landing.added).toBe(2060);
    expect(bench.sandbox.calls.byRoute['POST /jobs/query']).toBe(1);
    expect(bench.sandbox.calls.byRoute['GET /queryAll']).toBe(1);
    expect(bench.sandbox.calls.byRoute['GET /jobs/query/:id/results']).toBe(6);
  });

  test('a job that is gone is begun anew', async () => {
    await using bench = await openBench({ bulkPageSizeMax: 20 }, { bulk_from: 20 });
    loadAccounts(bench.sandbox, 2060);
    const stream = await findStream(bench.extractor, 'Account');
    const landing = createLanding(stream);
    const world = { extractor: bench.extractor, now: bench.clock.now };
    await runRead(world, stream, landing, { pagesMax: 3 });
    const reading = landing.cursor?.['reading'] as { job: { id: string } };
    const path = `/jobs/query/${reading.job.id}`;
    await openAccount(bench.context).send({ method: 'DELETE', path, signal });
    await runRead(world, stream, landing);
    expect(landing.live().size).toBe(2060);
    expect(landing.added).toBe(2060);
    expect(bench.sandbox.calls.byRoute['POST /jobs/query']).toBe(2);
  });

  test('a job begun before a field was hidden is begun anew without it', async () => {
    await using bench = await openBench(
      { pageSizeMax: 20, bulkPageSizeMax: 20 },
      { bulk_from: 20 },
    );
    loadAccounts(bench.sandbox, 100);
    const wide = await findStream(bench.extractor, 'Account');
    const landing = createLanding(wide);
    const world = { extractor: bench.extractor, now: bench.clock.now };
    await runRead(world, wide, landing, { pagesMax: 3 });
    bench.sandbox.hideField('Account', 'Phone');
    const narrow = await findStream(bench.extractor, 'Account');
    const headers = new Set<string>();
    await runRead(world, narrow, landing, {
      afterPage(page) {
        if (page.format !== 'csv') return;
        headers.add(
          Buffer.from(page.body as Uint8Array)
            .toString('utf8')
            .split('\n')[0] ?? '',
        );
      },
    });
    expect([...headers].filter((header) => header.includes('Phone'))).toEqual([]);
    expect(headers.size).toBe(1);
    expect(landing.live().size).toBe(100);
  });

  test('the day’s limit of the org stops the read, and the next day goes on', async () => {
    await using bench = await openBench({ pageSizeMax: 10, dailyCalls: 4 }, { bulk_from: 1000 });
    loadAccounts(bench.sandbox, 45);
    const stream = await findStream(bench.extractor, 'Account');
    const landing = createLanding(stream);
    expect(await failure(readInto(bench, stream, landing))).toBeInstanceOf(BudgetExhausted);
    expect(landing.live().size).toBe(30);
    bench.advance(dayMs + 3_600_000);
    await readInto(bench, stream, landing);
    expect(landing.added).toBe(45);
  });

  test('a share of the org’s limit is kept, whatever the limit is', async () => {
    await using bench = await openBench(
      { pageSizeMax: 10, dailyCalls: 10 },
      { bulk_from: 1000, daily_calls: '50%' },
    );
    loadAccounts(bench.sandbox, 200);
    const stream = await findStream(bench.extractor, 'Account');
    const error = await failure(readInto(bench, stream, createLanding(stream)));
    expect(error).toMatchObject({ code: 'budget-exhausted', used: 5, budget: 5 });
    expect(bench.sandbox.calls.total).toBe(5);
  });
});

describe('a schema that changes', () => {
  test('a hidden field leaves the stream, and coming back it is read for all records', async () => {
    await using bench = await openBench();
    bench.sandbox.person.create('Account', { Name: 'a', Phone: '1' });
    const stream = await findStream(bench.extractor, 'Account');
    const landing = createLanding(stream);
    bench.sandbox.hideField('Account', 'Phone');
    const error = await failure(readInto(bench, stream, landing));
    expect(error).toBeInstanceOf(TerminalError);
    expect(error).toMatchObject({ code: 'field-not-found' });
    expect((error as Error).message).toContain('Phone');

    const narrow = await findStream(bench.extractor, 'Account');
    expect(narrow.columns.map((column) => column.name)).not.toContain('Phone');
    await readInto(bench, narrow, landing);
    bench.sandbox.show('Account');
    bench.advance(60 * minuteMs);
    const wide = await findStream(bench.extractor, 'Account');
    await readInto(bench, wide, landing);
    expect([...landing.live().values()][0]?.['Phone']).toBe('1');
  });

  test('an object that vanished is left out of discovery and named by a read', async () => {
    await using bench = await openBench();
    const stream = await findStream(bench.extractor, 'Contact');
    bench.sandbox.dropObject('Contact');
    expect(await bench.extractor.discover(signal, ['Contact', 'Account'])).toHaveLength(1);
    const error = await failure(readInto(bench, stream, createLanding(stream)));
    expect(error).toMatchObject({ name: 'TerminalError', code: 'object-not-found' });
  });

  test('an object with more fields than a request line holds is read by a bulk job', async () => {
    await using bench = await openBench();
    const fields = Array.from({ length: 330 }, (_, n) => ({
      name: `A_field_with_quite_a_long_name_${n}__c`,
      type: 'string' as const,
    }));
    bench.sandbox.define({ objects: { Wide__c: { fields } } });
    bench.sandbox.person.create('Wide__c', { A_field_with_quite_a_long_name_7__c: 'seven' });
    const stream = await findStream(bench.extractor, 'Wide__c');
    const landing = createLanding(stream);
    await readInto(bench, stream, landing);
    const [record] = [...landing.live().values()];
    expect(record?.['A_field_with_quite_a_long_name_7__c']).toBe('seven');
    expect(bench.sandbox.calls.byRoute['GET /queryAll']).toBeUndefined();
  });
});

describe('signing in', () => {
  const sees = async (bench: SalesforceBench, config: Record<string, string>) => {
    const { login_url, client_id } = bench.context.config;
    const context = { ...bench.reopen(), config: { login_url, client_id, ...config } };
    return findStream(salesforce.create(context as typeof bench.context), 'Account');
  };

  test('works by refresh token', async () => {
    await using bench = await openBench();
    const stream = await sees(bench, { refresh_token: bench.sandbox.oauth.issueRefreshToken() });
    expect(stream.name).toBe('Account');
  });

  test('works by JWT, and a wrong key does not', async () => {
    await using bench = await openBench();
    const encode = { type: 'pkcs8', format: 'pem' } as const;
    const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const others = generateKeyPairSync('rsa', { modulusLength: 2048 });
    bench.sandbox.oauth.registerKey(String(keys.publicKey.export({ type: 'spki', format: 'pem' })));
    const { username } = bench.sandbox;
    const good = { username, private_key: String(keys.privateKey.export(encode)) };
    expect((await sees(bench, good)).name).toBe('Account');
    for (const key of [String(others.privateKey.export(encode)), 'not a key']) {
      const error = await failure(sees(bench, { username, private_key: key }));
      expect(error).toMatchObject({ name: 'TerminalError', code: 'credentials-refused' });
    }
  });

  test('many callers at once sign in once', async () => {
    await using bench = await openBench();
    const names = ['Account', 'Contact', 'Lead', 'Case', 'Opportunity', 'User', 'Task', 'Event'];
    const streams = await bench.extractor.discover(signal, names);
    expect(streams.length).toBe(8);
    expect(bench.sandbox.calls.byRoute['POST /services/oauth2/token']).toBe(1);
  });
});
