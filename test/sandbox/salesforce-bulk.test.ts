import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SalesforceSandbox } from '../../sandbox/salesforce/sandbox.ts';
import { type Answer, type RestClient, signIn, startHeld } from './salesforce-client.ts';

let sandbox: SalesforceSandbox;
let client: RestClient;

beforeEach(async () => {
  sandbox = await startHeld({ bulkPageSizeMax: 10 });
  sandbox.define({
    objects: {
      Account: {
        fields: [
          { name: 'Ext__c', type: 'string', length: 40, externalId: true, unique: true },
          { name: 'Score__c', type: 'double', precision: 18, scale: 10 },
          { name: 'Active__c', type: 'boolean' },
        ],
      },
      Contact: { fields: [{ name: 'Ext__c', type: 'string', externalId: true }] },
    },
  });
  client = await signIn(sandbox);
});
afterEach(() => sandbox.close());

const body = (answer: Answer): Record<string, unknown> => answer.json as Record<string, unknown>;

async function startQuery(query: string, extra: object = {}): Promise<string> {
  const job = await client.call('POST', '/jobs/query', { operation: 'query', query, ...extra });
  expect(body(job)).toMatchObject({ state: 'UploadComplete', contentType: 'CSV', apiVersion: 62 });
  return String(body(job)['id']);
}

async function poll(kind: 'query' | 'ingest', id: string): Promise<Record<string, unknown>> {
  for (let turn = 0; turn < 5; turn += 1) {
    const job = body(await client.call('GET', `/jobs/${kind}/${id}`));
    if (job['state'] === 'JobComplete' || job['state'] === 'Failed') return job;
  }
  throw new Error('the job does not end');
}

async function readPages(id: string, maxRecords?: number): Promise<string[]> {
  const pages: string[] = [];
  let locator = '';
  do {
    const query = new URLSearchParams(locator === '' ? {} : { locator });
    if (maxRecords !== undefined) query.set('maxRecords', String(maxRecords));
    const page = await client.call('GET', `/jobs/query/${id}/results?${query}`);
    expect(page.status).toBe(200);
    const rows = parse(page.text, { columns: true }) as object[];
    expect(page.headers.get('sforce-numberofrecords')).toBe(String(rows.length));
    pages.push(page.text);
    locator = page.headers.get('sforce-locator') ?? 'missing';
  } while (locator !== 'null');
  return pages;
}

describe('Bulk API 2.0 queries', () => {
  test('repeat the header on each page and end with the locator "null"', async () => {
    sandbox.load(
      'Account',
      Array.from({ length: 25 }, (_, at) => ({ Name: `A${at}` })),
    );
    const id = await startQuery('SELECT Id, Name FROM Account ORDER BY Name DESC');
    expect(await poll('query', id)).toMatchObject({
      state: 'JobComplete',
      jobType: 'V2Query',
      numberRecordsProcessed: 25,
    });
    const pages = await readPages(id);
    expect(pages.map((page) => page.split('\n')[0])).toEqual(Array(3).fill('"Id","Name"'));
    const names = pages.flatMap((page) =>
      (parse(page, { columns: true }) as Record<string, string>[]).map((row) => row['Name']),
    );
    expect(names).toEqual(names.toSorted().reverse());
    expect(new Set(names).size).toBe(25);
    expect(await readPages(id)).toEqual(pages);
    expect(await readPages(id, 7)).toHaveLength(4);
    const links = body(await client.call('GET', `/jobs/query/${id}/resultPages`));
    expect(links).toMatchObject({ done: true, resultPages: { length: 3 } });
  });

  test('print every kind of value as Salesforce does in CSV', async () => {
    const row = { Name: 'Say "hi",\nagain', Score__c: 0.1234567891, Active__c: true };
    sandbox.load('Account', [
      { ...row, AnnualRevenue: 1e9, NumberOfEmployees: 3 },
      { Name: 'Empty', Score__c: 12_345_678.123456789 },
    ]);
    const id = await startQuery(
      'SELECT Name, Score__c, Active__c, AnnualRevenue, NumberOfEmployees, Phone, CreatedDate, Owner.Name, Parent.Name FROM Account',
      { columnDelimiter: 'PIPE', lineEnding: 'CRLF' },
    );
    await poll('query', id);
    const [page] = await readPagesRaw(id);
    expect(page).toBe(
      [
        '"Name"|"Score__c"|"Active__c"|"AnnualRevenue"|"NumberOfEmployees"|"Phone"|"CreatedDate"|"Owner.Name"|"Parent.Name"',
        '"Say ""hi"",\nagain"|"0.1234567891"|"true"|"1000000000.0"|"3"|""|"2026-03-02T12:00:00.000Z"|"Integration User"|""',
        '"Empty"|"12345678.123456789"|"false"|""|""|""|"2026-03-02T12:00:00.000Z"|"Integration User"|""',
        '',
      ].join('\r\n'),
    );
  });

  async function readPagesRaw(id: string): Promise<string[]> {
    return [(await client.call('GET', `/jobs/query/${id}/results`)).text];
  }

  test('give 409 before completion and on another version', async () => {
    const id = await startQuery('SELECT Id FROM Account');
    expect((await client.call('GET', `/jobs/query/${id}/results`)).status).toBe(409);
    const first = body(await client.call('GET', `/jobs/query/${id}`));
    expect(first['state']).toBe('InProgress');
    expect((await client.call('GET', `/jobs/query/${id}/results`)).status).toBe(409);
    await poll('query', id);
    const other = `/services/data/v61.0/jobs/query/${id}/results`;
    expect((await client.call('GET', other)).status).toBe(409);
    const empty = await client.call('GET', `/jobs/query/${id}/results`);
    expect(empty.text).toBe('"Id"\n');
    expect(empty.headers.get('sforce-locator')).toBe('null');
    expect((await client.call('DELETE', `/jobs/query/${id}`)).status).toBe(204);
    expect((await client.call('GET', `/jobs/query/${id}`)).status).toBe(404);
  });

  test('see deleted rows with queryAll, and keep rows where they were found', async () => {
    sandbox.load('Account', [{ Name: 'A' }, { Name: 'B' }, { Name: 'C' }]);
    const [a, b] = await client.rows('SELECT Id FROM Account ORDER BY Name');
    sandbox.person.remove('Account', String(a?.['Id']));
    const query = 'SELECT Name, IsDeleted FROM Account';
    const live = await startQuery(query);
    const all = await startQuery(query, { operation: 'queryAll' });
    expect(await poll('query', live)).toMatchObject({ numberRecordsProcessed: 2 });
    expect(await poll('query', all)).toMatchObject({ numberRecordsProcessed: 3 });
    sandbox.person.remove('Account', String(b?.['Id']), undefined, true);
    const [page] = await readPages(all);
    expect(parse(page ?? '', { columns: true })).toEqual([
      { Name: 'A', IsDeleted: 'true' },
      { Name: 'C', IsDeleted: 'false' },
    ]);
  });

  test.each([
    ['SELECT Id, BillingAddress FROM Account', 'FUNCTIONALITY_NOT_ENABLED'],
    ['SELECT count() FROM Account', 'API_ERROR'],
    ['SELECT Id FROM Account OFFSET 5', 'API_ERROR'],
    ['SELECT Id, (SELECT Id FROM Contacts) FROM Account', 'API_ERROR'],
    ['SELECT Nope FROM Account', 'INVALID_FIELD'],
  ])('refuse %s with %s', async (query, errorCode) => {
    const answer = await client.call('POST', '/jobs/query', { operation: 'query', query });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject([{ errorCode }]);
  });
});

interface Ingested {
  job: Record<string, unknown>;
  successful: Record<string, string>[];
  failed: Record<string, string>[];
}

async function ingest(job: object, csv: string, delimiter = ','): Promise<Ingested> {
  const created = body(await client.call('POST', '/jobs/ingest', job));
  const id = String(created['id']);
  const upload = await client.call('PUT', `/${String(created['contentUrl'])}`, csv);
  expect([upload.status, upload.text]).toEqual([201, '']);
  const closed = await client.call('PATCH', `/jobs/ingest/${id}`, { state: 'UploadComplete' });
  expect(body(closed)['state']).toBe('UploadComplete');
  const done = await poll('ingest', id);
  const read = async (what: string): Promise<Record<string, string>[]> => {
    const text = (await client.call('GET', `/jobs/ingest/${id}/${what}`)).text;
    return parse(text, { columns: true, delimiter }) as Record<string, string>[];
  };
  return {
    job: done,
    successful: await read('successfulResults'),
    failed: await read('failedResults'),
  };
}

/** What is alive, in bytes: garbage is collected first. */
function measureHeap(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('a large page', () => {
  test('is streamed: neither the rows nor the answer are ever held whole', async () => {
    const rows = 60_000;
    const wide = await startHeld({ bulkPageSizeMax: rows });
    try {
      const text = 'x'.repeat(500);
      function* generate(): Iterable<Record<string, unknown>> {
        for (let at = 0; at < rows; at += 1) yield { Name: `A${at}`, Description: text };
      }
      wide.load('Account', generate());
      client = await signIn(wide);
      const id = await startQuery('SELECT Id, Name, Description FROM Account ORDER BY Id DESC');
      await poll('query', id);
      const url = `${wide.url}/services/data/v62.0/jobs/query/${id}/results`;
      const headers = { authorization: `Bearer ${client.token}`, 'accept-encoding': 'identity' };
      const before = measureHeap();
      const answer = await fetch(url, { headers });
      expect(answer.headers.get('content-length')).toBeNull();
      let bytes = 0;
      let measuredAt = 0;
      let most = 0;
      for await (const chunk of answer.body ?? []) {
        bytes += (chunk as Uint8Array).length;
        if (bytes - measuredAt < 4_000_000) continue;
        measuredAt = bytes;
        most = Math.max(most, measureHeap() - before);
      }
      expect(bytes).toBeGreaterThan(rows * 520);
      expect(most).toBeLessThan(bytes / 3);
    } finally {
      await wide.close();
    }
  });
});

describe('Bulk API 2.0 ingest', () => {
  test('completes with failed rows, in an order that is not the input’s', async () => {
    const lines = Array.from({ length: 300 }, (_, at) => `E${at},${at % 10 === 3 ? '' : `N${at}`}`);
    const { job, successful, failed } = await ingest(
      { object: 'Account', operation: 'insert' },
      `Ext__c,Name\n${lines.join('\n')}\n`,
    );
    expect(job).toMatchObject({
      state: 'JobComplete',
      numberRecordsProcessed: 300,
      numberRecordsFailed: 30,
    });
    expect(successful).toHaveLength(270);
    expect(successful[0]?.['sf__Id']).toMatch(/^001\w{15}$/);
    expect(successful[0]?.['sf__Created']).toBe('true');
    const order = successful.map((row) => Number(row['Ext__c']?.slice(1)));
    expect(order).not.toEqual(order.toSorted((a, b) => a - b));
    expect(failed[0]?.['sf__Error']).toBe(
      'REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --',
    );
    expect(sandbox.count('Account')).toBe(270);
  });

  test('leaves empty cells alone and writes null for #N/A', async () => {
    const id = sandbox.person.create('Account', { Name: 'A', Phone: '1', Site: 's', Ext__c: 'e' });
    const { job } = await ingest(
      { object: 'Account', operation: 'update', lineEnding: 'CRLF', columnDelimiter: 'TAB' },
      `Id\tPhone\tSite\r\n${id}\t\t#N/A\r\n`,
      '\t',
    );
    expect(job).toMatchObject({ numberRecordsProcessed: 1, numberRecordsFailed: 0 });
    expect(await client.rows('SELECT Phone, Site FROM Account')).toMatchObject([
      { Phone: '1', Site: null },
    ]);
  });

  test('upserts by external id and looks parents up by theirs', async () => {
    sandbox.person.create('Account', { Name: 'Old', Ext__c: 'a1' });
    const accounts = await ingest(
      { object: 'Account', operation: 'upsert', externalIdFieldName: 'Ext__c' },
      'Ext__c,Name\nA1,New\na2,Two\na3,Three\na3,Three again\n',
    );
    expect(
      accounts.successful.map((row) => [row['Ext__c'], row['sf__Created']]).toSorted(),
    ).toEqual([
      ['A1', 'false'],
      ['a2', 'true'],
    ]);
    expect(accounts.failed.map((row) => row['sf__Error'])).toEqual([
      'DUPLICATE_VALUE:Duplicate external id specified: a3:Ext__c --',
      'DUPLICATE_VALUE:Duplicate external id specified: a3:Ext__c --',
    ]);
    const contacts = await ingest(
      { object: 'Contact', operation: 'upsert', externalIdFieldName: 'Ext__c' },
      'Ext__c,LastName,Account.Ext__c\nc1,Ida,a2\nc2,Eve,nope\n',
    );
    expect(contacts.failed[0]?.['sf__Error']).toContain('Foreign key external ID: nope not found');
    expect(await client.rows('SELECT LastName, Account.Name FROM Contact')).toMatchObject([
      { LastName: 'Ida', Account: { Name: 'Two' } },
    ]);
  });

  test('deletes into the recycle bin, hardDelete beyond it', async () => {
    const ids = ['A', 'B'].map((Name) => sandbox.person.create('Account', { Name }));
    await ingest({ object: 'Account', operation: 'delete' }, `Id\n${ids[0]}\n`);
    await ingest({ object: 'Account', operation: 'hardDelete' }, `Id\n${ids[1]}\n`);
    const all = await client.call('GET', '/queryAll?q=SELECT+Name,+IsDeleted+FROM+Account');
    expect(body(all)['records']).toMatchObject([{ Name: 'A', IsDeleted: true }]);
  });

  test('fails whole jobs for an unknown column or a wrong line ending', async () => {
    const unknown = await ingest({ object: 'Account', operation: 'insert' }, 'Name,Nope\nA,1\n');
    expect(unknown.job).toMatchObject({
      state: 'Failed',
      errorMessage: 'InvalidBatch : Field name not found : Nope',
    });
    const ending = await ingest({ object: 'Account', operation: 'insert' }, 'Name\r\nA\r\n');
    expect(ending.job).toMatchObject({
      state: 'Failed',
      errorMessage: expect.stringContaining('LineEnding is invalid'),
    });
    const rest = await client.call(
      'GET',
      `/jobs/ingest/${String(unknown.job['id'])}/unprocessedrecords`,
    );
    expect(rest.text).toBe('"Name","Nope"\n"A","1"\n');
    expect(sandbox.count('Account')).toBe(0);
  });

  test('takes one upload a job', async () => {
    const job = body(
      await client.call('POST', '/jobs/ingest', { object: 'Account', operation: 'insert' }),
    );
    const path = `/${String(job['contentUrl'])}`;
    expect((await client.call('PUT', path, 'Name\nA\n')).status).toBe(201);
    const second = await client.call('PUT', path, 'Name\nB\n');
    expect(second.json).toMatchObject([{ errorCode: 'INVALIDJOBSTATE' }]);
    const missing = { object: 'Account', operation: 'upsert' };
    expect((await client.call('POST', '/jobs/ingest', missing)).status).toBe(400);
  });
});
