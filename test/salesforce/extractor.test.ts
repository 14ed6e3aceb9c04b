import { describe, expect, test } from 'vitest';
import { salesforce } from '../../extractors/salesforce.ts';
import { salesforce as destination } from '../../reverse-etl/salesforce.ts';
import { findStream, runRead } from '../conformance/extractor.ts';
import { createLanding, type Landing } from '../conformance/landing.ts';
import { loadAccounts, openBench, readInto, startMs } from './bench.ts';

const signal = new AbortController().signal;
const minuteMs = 60_000;
const dayMs = 86_400_000;
const iso = (ms: number): string => new Date(ms).toISOString();

function liveNames(landing: Landing): readonly string[] {
  return [...landing.live().values()].map((record) => String(record['Name'])).toSorted();
}

describe('calls', () => {
  test('named streams cost one sign-in, one describe and one read each', async () => {
    await using bench = await openBench();
    const names = ['Account', 'Contact', 'Opportunity'];
    for (const stream of await bench.extractor.discover(signal, names)) {
      await readInto(bench, stream, createLanding(stream));
    }
    await destination.create(bench.context, 'Contact').describe(signal);
    expect(bench.sandbox.calls.byRoute).toEqual({
      'POST /services/oauth2/token': 1,
      'GET /sobjects/Account/describe': 1,
      'GET /sobjects/Contact/describe': 1,
      'GET /sobjects/Opportunity/describe': 1,
      'GET /queryAll': 3,
    });
  });

  test('a test over names costs the list of all names once', async () => {
    await using bench = await openBench();
    await bench.extractor.discover(signal, (name) => name.startsWith('Opportunity'));
    expect(bench.sandbox.calls.byRoute['GET /sobjects']).toBe(1);
    expect(bench.sandbox.calls.byRoute['GET /sobjects/Account/describe']).toBeUndefined();
  });

  test('a check costs the sign-in and nothing else', async () => {
    await using bench = await openBench();
    await bench.extractor.check(signal);
    expect(bench.sandbox.calls.byRoute).toEqual({ 'POST /services/oauth2/token': 1 });
  });

  test('the meter counts every call, also those that fail and are tried again', async () => {
    await using bench = await openBench();
    loadAccounts(bench.sandbox, 10);
    const probability = { server_error: 0.3, dropped_connection: 0.2, expired_token: 0.1 };
    bench.sandbox.faults.set({ seed: 3, probability, most: 4 });
    const stream = await findStream(bench.extractor, 'Account');
    await readInto(bench, stream, createLanding(stream));
    expect(bench.sandbox.calls.total).toBeGreaterThan(3);
    expect(bench.context.meter.usedToday()).toBe(bench.sandbox.calls.total);
  });

  test('from 2,000 records on, one page and one bulk job read everything', async () => {
    await using bench = await openBench();
    loadAccounts(bench.sandbox, 4500);
    const stream = await findStream(bench.extractor, 'Account');
    const landing = createLanding(stream);
    bench.sandbox.calls.reset();
    await readInto(bench, stream, landing);
    expect(landing.live().size).toBe(4500);
    expect(landing.added).toBe(4500);
    expect(bench.sandbox.calls.byRoute).toEqual({
      'GET /queryAll': 1,
      'POST /jobs/query': 1,
      'GET /jobs/query/:id': 2,
      'GET /jobs/query/:id/results': 1,
    });
    const request = { stream, settings: {}, cursor: undefined, boundaryMs: bench.clock.now() };
    const again = { ...request, settings: { fullEveryMs: 0 }, cursor: landing.cursor };
    expect(bench.extractor.estimate(again)).toMatchObject({ mode: 'full_refresh', calls: 4 });
  });

  test('below 2,000 records one call reads everything', async () => {
    await using bench = await openBench();
    loadAccounts(bench.sandbox, 1999);
    const stream = await findStream(bench.extractor, 'Account');
    const landing = createLanding(stream);
    bench.sandbox.calls.reset();
    await readInto(bench, stream, landing);
    expect(landing.live().size).toBe(1999);
    expect(bench.sandbox.calls.total).toBe(1);
  });
});

describe('what is read', () => {
  test('every stream of the org can be read', async () => {
    await using bench = await openBench();
    const streams = await bench.extractor.discover(signal);
    expect(streams.length).toBeGreaterThan(5);
    for (const stream of streams) {
      const landing = createLanding(stream);
      await readInto(bench, stream, landing);
      await readInto(bench, stream, landing);
      expect(landing.cursor).toBeDefined();
    }
  });

  test('custom objects and their fields are typed from the describe', async () => {
    await using bench = await openBench();
    bench.sandbox.define({
      objects: {
        Ship__c: {
          fields: [
            { name: 'Price__c', type: 'currency', precision: 16, scale: 4 },
            { name: 'Sailed__c', type: 'date' },
            { name: 'Seen__c', type: 'datetime' },
            { name: 'Crew__c', type: 'int' },
            { name: 'Fast__c', type: 'boolean', defaultValue: false },
            { name: 'Half__c', type: 'double', formula: '"Price__c" / 3.0' },
          ],
        },
      },
    });
    const stream = await findStream(bench.extractor, 'Ship__c');
    const types = Object.fromEntries(stream.columns.map((column) => [column.name, column.type]));
    expect(types).toMatchObject({
      Id: 'string',
      Price__c: 'decimal(18,4)',
      Sailed__c: 'date',
      Seen__c: 'timestamp',
      Crew__c: 'integer',
      Fast__c: 'boolean',
      Half__c: 'double',
      SystemModstamp: 'timestamp',
    });
    expect(stream.columns.find((column) => column.name === 'Half__c')?.computed).toBe(true);
    expect(stream).toMatchObject({ cursorField: 'SystemModstamp', deletedField: 'IsDeleted' });
  });

  test('a record is the same version by page and by bulk job', async () => {
    await using bench = await openBench({ pageSizeMax: 1 }, { bulk_from: 1000 });
    const { person } = bench.sandbox;
    const rows: Record<string, unknown>[] = [
      { Name: 'the first comes by a page either way' },
      { Name: 'empty' },
      { Name: ' quoted "x", y\nz ', AnnualRevenue: 0, NumberOfEmployees: 0 },
      { Name: 'ünï 𝄞', AnnualRevenue: 12345678, Description: 'a\nb', Phone: '007' },
    ];
    for (const row of rows) person.create('Account', row);
    const stream = await findStream(bench.extractor, 'Account');
    const landing = createLanding(stream);
    await readInto(bench, stream, landing);
    const extractor = salesforce.create(bench.reopen({ bulk_from: 1 }));
    const formats: string[] = [];
    await runRead({ extractor, now: bench.clock.now }, stream, landing, {
      settings: { fullEveryMs: 0 },
      afterPage: (page) => formats.push(`${page.format} ${page.records}`),
    });
    expect(formats).toEqual(['ndjson 1', 'ndjson 0', 'csv 3']);
    expect(landing.added).toBe(rows.length);
  });

  test('compound fields are left out, their parts are there', async () => {
    await using bench = await openBench();
    const names = (await findStream(bench.extractor, 'Account')).columns.map((c) => c.name);
    expect(names).not.toContain('BillingAddress');
    expect(names).toContain('BillingCity');
  });

  test('a field that is excluded is not asked for, one that is needed always is', async () => {
    await using bench = await openBench();
    loadAccounts(bench.sandbox, 2);
    const stream = await findStream(bench.extractor, 'Account');
    const landing = createLanding(stream);
    await readInto(bench, stream, landing, { fields: ['Name', 'Phone'], exclude: ['Phone', 'Id'] });
    const [record] = [...landing.live().values()];
    const present = Object.entries(record ?? {}).filter(([, value]) => value !== null);
    expect(present.map(([name]) => name)).toEqual(['Id', 'IsDeleted', 'Name', 'SystemModstamp']);
  });

  test('deletions, restores and merges are versions like any other', async () => {
    await using bench = await openBench();
    const { person } = bench.sandbox;
    const [a, b] = ['a', 'b'].map((Name) => person.create('Account', { Name })) as [string, string];
    const stream = await findStream(bench.extractor, 'Account');
    const landing = createLanding(stream);
    await readInto(bench, stream, landing);
    for (const act of [
      () => person.remove('Account', a),
      () => person.undelete('Account', a),
      () => person.merge('Account', a, [b]),
    ]) {
      bench.advance(minuteMs);
      act();
      await readInto(bench, stream, landing);
    }
    expect(liveNames(landing)).toEqual(['a']);
    expect(landing.versions(a).map((v) => v['IsDeleted'])).toEqual([false, true, false, false]);
    const loser = landing.versions(b).at(-1);
    expect(loser).toMatchObject({ IsDeleted: true, MasterRecordId: a });
  });

  test('a late commit within the lookback is found, one before it is not', async () => {
    await using bench = await openBench();
    loadAccounts(bench.sandbox, 3);
    const stream = await findStream(bench.extractor, 'Account');
    const landing = createLanding(stream);
    bench.sandbox.person.create('Account', { Name: 'now' });
    await readInto(bench, stream, landing);
    bench.sandbox.person.create('Account', { Name: 'late' }, iso(startMs - 9 * minuteMs));
    bench.sandbox.person.create('Account', { Name: 'too late' }, iso(startMs - 11 * minuteMs));
    await readInto(bench, stream, landing);
    expect(liveNames(landing)).toContain('late');
    expect(liveNames(landing)).not.toContain('too late');
    await readInto(bench, stream, landing, { lookbackMs: 20 * minuteMs });
    expect(liveNames(landing)).toContain('too late');
  });

  test('more records of one stamp than a page holds are all read once', async () => {
    await using bench = await openBench({ pageSizeMax: 7 }, { bulk_from: 1000 });
    const SystemModstamp = iso(startMs - dayMs);
    const rows = Array.from({ length: 50 }, (_, n) => ({ Name: `twin ${n}`, SystemModstamp }));
    bench.sandbox.load('Account', rows);
    const stream = await findStream(bench.extractor, 'Account');
    const landing = createLanding(stream);
    let records = 0;
    await readInto(bench, stream, landing, {}, (page) => {
      records += page.records ?? 0;
    });
    expect(landing.live().size).toBe(50);
    expect(records).toBe(50);
  });

  test('a formula that moved no stamp is read when it is due, not before', async () => {
    await using bench = await openBench();
    bench.sandbox.define({
      objects: {
        Account: {
          fields: [
            { name: 'Rate__c', type: 'double' },
            { name: 'Size__c', type: 'double', formula: 'coalesce("NumberOfEmployees", 0) + 1' },
          ],
        },
      },
    });
    const id = bench.sandbox.person.create('Account', { Name: 'a', NumberOfEmployees: 4 });
    const stream = await findStream(bench.extractor, 'Account');
    const landing = createLanding(stream);
    const settings = { volatile: { fields: ['Size__c'], everyMs: dayMs } };
    await readInto(bench, stream, landing, settings);
    const estimate = (): string =>
      bench.extractor.estimate({
        stream,
        settings,
        cursor: landing.cursor,
        boundaryMs: bench.clock.now(),
      }).reason;
    bench.advance(dayMs / 2);
    expect(estimate()).toContain('changes since');
    bench.advance(dayMs / 2);
    expect(estimate()).toContain('Size__c');
    const scans: unknown[] = [];
    await readInto(bench, stream, landing, settings, (page) => scans.push(page.scan?.complete));
    expect(scans).toEqual([true]);
    expect(landing.versions(id)[0]?.['Size__c']).toBe(5);
    expect(estimate()).toContain('changes since');
  });

  test('after longer than the recycle bin keeps, a whole scan finds what vanished', async () => {
    await using bench = await openBench();
    const { person } = bench.sandbox;
    const ids = ['stays', 'vanishes'].map((Name) => person.create('Account', { Name }));
    const stream = await findStream(bench.extractor, 'Account');
    const landing = createLanding(stream);
    await readInto(bench, stream, landing);
    person.remove('Account', ids[1] ?? '', undefined, true);
    bench.advance(minuteMs);
    await readInto(bench, stream, landing);
    expect(liveNames(landing)).toEqual(['stays', 'vanishes']);
    bench.advance(16 * dayMs);
    const request = { stream, settings: {}, cursor: landing.cursor, boundaryMs: bench.clock.now() };
    expect(bench.extractor.estimate(request).reason).toContain('recycle bin');
    await readInto(bench, stream, landing);
    expect(liveNames(landing)).toEqual(['stays']);
  });

  test('a quiet stream reads its tail once more, not for ever', async () => {
    await using bench = await openBench({}, { bulk_from: 10 });
    loadAccounts(bench.sandbox, 30);
    const stream = await findStream(bench.extractor, 'Account');
    const landing = createLanding(stream);
    await readInto(bench, stream, landing);
    const counts: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      bench.advance(15 * minuteMs);
      await readInto(bench, stream, landing, {}, (page) => counts.push(page.records ?? -1));
    }
    expect(counts).toEqual([30, 0, 0]);
  });
});
