import { describe, expect, test } from 'vitest';
import type { Destination, RowChange } from '../../engine/words/destination.ts';
import { TerminalError } from '../../engine/words/errors.ts';
import type { JsonValue } from '../../engine/words/json.ts';
import { salesforce } from '../../reverse-etl/salesforce.ts';
import { openBench, type SalesforceBench } from './bench.ts';

const signal = new AbortController().signal;
const bulk = 2000;

async function openWriter() {
  const bench = await openBench();
  bench.sandbox.define({
    objects: {
      Account: {
        fields: [
          { name: 'Ext__c', type: 'string', externalId: true, unique: true },
          { name: 'Score__c', type: 'double', precision: 16, scale: 4 },
          { name: 'Seen__c', type: 'datetime' },
          { name: 'Since__c', type: 'date' },
          { name: 'Active__c', type: 'boolean', defaultValue: false },
          { name: 'Tags__c', type: 'multipicklist', picklist: ['a', 'b', 'c'] },
          { name: 'Tier__c', type: 'picklist', picklist: ['gold', 'tin'], restricted: true },
        ],
      },
    },
  });
  return { ...bench, account: salesforce.create(bench.context, 'Account') };
}

function change(n: number, fields: Record<string, JsonValue>): RowChange {
  return { key: `row ${n}`, action: 'create', fields: { Name: `Account ${n}`, ...fields } };
}

function find(bench: SalesforceBench, id: string): Record<string, unknown> {
  const row = [...bench.sandbox.rows('Account')].find((each) => each['Id'] === id);
  if (row === undefined) throw new Error(`no record ${id}`);
  return row;
}

async function writeOne(destination: Destination, one: RowChange): Promise<string> {
  const [result] = await destination.write([one], signal);
  if (result?.status !== 'written') throw new Error(`not written: ${JSON.stringify(result)}`);
  return result.id;
}

/** As many rows as a bulk job takes, all with the same fields. */
function fill(count: number, fields: (n: number) => Record<string, JsonValue>): RowChange[] {
  return Array.from({ length: count }, (_, n) => change(n, fields(n)));
}

const given = {
  Score__c: '1234567.8901',
  Seen__c: '2026-01-31 08:00:00+02',
  Since__c: '2026-01-31T00:00:00Z',
  Active__c: 'true',
  Tags__c: ['a', 'c'],
  Tier__c: 'gold',
  Description: 'line 1\nline 2, "quoted"; ünï ',
  NumberOfEmployees: '12',
};
const held = {
  Score__c: 1234567.8901,
  Seen__c: '2026-01-31T06:00:00.000+0000',
  Since__c: '2026-01-31',
  Active__c: true,
  Tags__c: 'a;c',
  Tier__c: 'gold',
  NumberOfEmployees: 12,
};

describe('values', () => {
  test.each([1, bulk])('arrive in their field’s form, %i at once', async (count) => {
    await using bench = await openWriter();
    const results = await bench.account.write(
      fill(count, () => given),
      signal,
    );
    const [first] = results;
    if (first?.status !== 'written') throw new Error(JSON.stringify(first));
    expect(find(bench, first.id)).toMatchObject(held);
    expect(String(find(bench, first.id)['Description'])).toContain('line 1\nline 2, "quoted"; ünï');
  });

  test.each([1, bulk])('null clears and absent leaves alone, %i at once', async (count) => {
    await using bench = await openWriter();
    const made = await bench.account.write(
      fill(count, () => given),
      signal,
    );
    const updates = made.map((result, n): RowChange => {
      if (result.status !== 'written') throw new Error('not written');
      const even = { Score__c: null, Tags__c: null, Seen__c: '', Since__c: null };
      const fields: Record<string, JsonValue> = n % 2 === 0 ? even : { Tier__c: 'tin' };
      return {
        key: `${n}`,
        action: 'update',
        id: result.id,
        fields: n % 2 === 0 ? fields : fields,
      };
    });
    const results = await bench.account.write(updates, signal);
    expect(new Set(results.map((result) => result.status))).toEqual(new Set(['written']));
    const even = find(bench, String(updates[0]?.id));
    expect(even).toMatchObject({ Score__c: null, Tags__c: null, Seen__c: null, Since__c: null });
    expect(even).toMatchObject({ Tier__c: 'gold', NumberOfEmployees: 12, Active__c: true });
    if (count > 1) {
      const odd = find(bench, String(updates[1]?.id));
      expect(odd).toMatchObject({ ...held, Tier__c: 'tin' });
    }
  });

  test('the text that clears in bulk files is written as text', async () => {
    await using bench = await openWriter();
    const changes = fill(bulk + 1, (n) => (n === 77 ? { Site: '#N/A' } : { Site: `s${n}` }));
    const results = await bench.account.write(changes, signal);
    const result = results[77];
    if (result?.status !== 'written') throw new Error(JSON.stringify(result));
    expect(find(bench, result.id)['Site']).toBe('#N/A');
    expect(bench.sandbox.count('Account')).toBe(bulk + 1);
  });

  test('a value of the wrong form is refused for its row, without a call', async () => {
    await using bench = await openWriter();
    await bench.account.describe(signal);
    bench.sandbox.calls.reset();
    const wrong: Record<string, JsonValue>[] = [
      { Since__c: 'soon' },
      { Since__c: '2026-02-30' },
      { Seen__c: '31.1.2026' },
      { Score__c: 'many' },
      { NumberOfEmployees: 1.5 },
      { Active__c: 'maybe' },
    ];
    const results = await bench.account.write(
      wrong.map((fields, n) => change(n, fields)),
      signal,
    );
    for (const [n, result] of results.entries()) {
      const fields = Object.keys(wrong[n] ?? {});
      expect(result).toMatchObject({ status: 'rejected', code: 'value-does-not-fit', fields });
      expect(JSON.stringify(result)).not.toContain('soon');
    }
    expect(bench.sandbox.calls.total).toBe(0);
  });
});

describe('refusals', () => {
  test.each([3, bulk])('name Salesforce’s code and field, %i at once', async (count) => {
    await using bench = await openWriter();
    await writeOne(bench.account, change(0, { Ext__c: 'taken' }));
    const changes = fill(count, (n) => {
      if (n === 0) return { Tier__c: 'lead' };
      return n === 1 ? { Ext__c: 'taken' } : {};
    });
    const results = await bench.account.write(changes, signal);
    expect(results[0]).toMatchObject({
      status: 'rejected',
      code: 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
      fields: ['Tier__c'],
    });
    expect(results[1]).toMatchObject({ status: 'rejected', code: 'DUPLICATE_VALUE' });
    const others = results.slice(2).map(({ status }) => status);
    expect(others).toEqual(Array(changes.length - 2).fill('written'));
  });

  test.each([3, bulk])('an unknown field is refused by name for %i rows', async (count) => {
    await using bench = await openWriter();
    const results = await bench.account.write(
      fill(count, () => ({ Nope__c: 'x' })),
      signal,
    );
    for (const result of results) {
      expect(result.status).toBe('rejected');
      if (result.status === 'rejected') expect(result.message).toContain('Nope__c');
    }
    expect(bench.sandbox.count('Account')).toBe(0);
  });

  test('an unknown field of some rows is refused for those alone', async () => {
    await using bench = await openWriter();
    const changes = fill(60, (n) => (n === 13 || n === 47 ? { Nope__c: 'x' } : {}));
    const results = await bench.account.write(changes, signal);
    const refused = results.flatMap((result, n) => (result.status === 'rejected' ? [n] : []));
    expect(refused).toEqual([13, 47]);
    expect(bench.sandbox.count('Account')).toBe(58);
  });

  test('two changes of one record in a call: the second is refused', async () => {
    await using bench = await openWriter();
    const id = await writeOne(bench.account, change(0, {}));
    const update = (key: string): RowChange => ({
      key,
      action: 'update',
      id,
      fields: { Site: key },
    });
    const results = await bench.account.write([update('a'), update('b')], signal);
    expect(results.map((result) => result.status)).toEqual(['written', 'rejected']);
    expect(find(bench, id)['Site']).toBe('a');
  });

  test('an upsert without a value to find the record by is refused', async () => {
    await using bench = await openWriter();
    const match = { field: 'Ext__c', value: '' };
    const fields = { Name: 'x' };
    const [result] = await bench.account.write(
      [{ key: '1', action: 'upsert', match, fields }],
      signal,
    );
    expect(result).toMatchObject({ status: 'rejected', fields: ['Ext__c'] });
  });

  test('associations are refused: Salesforce has lookups', async () => {
    await using bench = await openWriter();
    const associations = [{ to: 'Contact', id: '003000000000000AAA' }];
    const [result] = await bench.account.write([{ ...change(0, {}), associations }], signal);
    expect(result).toMatchObject({ status: 'rejected', code: 'associations-not-supported' });
  });

  test('an unknown object is a terminal error', async () => {
    await using bench = await openWriter();
    const unknown = salesforce.create(bench.context, 'Nope__c');
    await expect(unknown.describe(signal)).rejects.toBeInstanceOf(TerminalError);
    // Nothing was sent: the change waits, and the error says what to do.
    const [result] = await unknown.write([change(0, {})], signal);
    expect(result).toMatchObject({ status: 'deferred', stop: { code: 'object-not-found' } });
  });
});

describe('ways of writing', () => {
  test('a call may mix actions; each row gets its own answer', async () => {
    await using bench = await openWriter();
    const [a, b] = [
      await writeOne(bench.account, change(0, {})),
      await writeOne(bench.account, change(1, {})),
    ];
    const results = await bench.account.write(
      [
        { key: '1', action: 'archive', id: a, fields: {} },
        change(2, {}),
        { key: '3', action: 'update', id: b, fields: { Site: 'x' } },
        {
          key: '4',
          action: 'upsert',
          match: { field: 'Ext__c', value: 'e' },
          fields: { Name: 'up' },
        },
        { key: '5', action: 'update', id: a, fields: { Site: 'gone' } },
      ],
      signal,
    );
    expect(results.map((result) => result.status)).toEqual([
      'written',
      'written',
      'written',
      'written',
      'rejected',
    ]);
    expect(results[0]).toMatchObject({ id: a });
    expect(results[2]).toMatchObject({ id: b, created: false });
  });

  test('rows alike in everything are each answered with a record of their own', async () => {
    await using bench = await openWriter();
    const changes = Array.from(
      { length: bulk },
      (_, n): RowChange => ({ key: `${n}`, action: 'create', fields: { Name: 'same' } }),
    );
    const results = await bench.account.write(changes, signal);
    const ids = results.map((result) => (result.status === 'written' ? result.id : ''));
    expect(new Set(ids).size).toBe(bulk);
  });

  test('bulk rows of different fields keep each their own', async () => {
    await using bench = await openWriter();
    const changes = fill(bulk, (n) =>
      n < bulk - 1 ? { Site: `s${n}` } : { Fax: 'only the last' },
    );
    const results = await bench.account.write(changes, signal);
    const last = results.at(-1);
    if (last?.status !== 'written') throw new Error(JSON.stringify(last));
    expect(find(bench, last.id)).toMatchObject({ Fax: 'only the last', Site: null });
  });

  test('the lost answer to closing a job is settled by asking for it', async () => {
    await using bench = await openWriter();
    await bench.account.describe(signal);
    const probability = { lost_reply: 1 };
    bench.sandbox.faults.set({ seed: 1, probability, methods: ['PATCH'], most: 1 });
    const results = await bench.account.write(
      fill(bulk, () => ({})),
      signal,
    );
    expect(new Set(results.map((result) => result.status))).toEqual(new Set(['written']));
    expect(bench.sandbox.count('Account')).toBe(bulk);
    expect(bench.sandbox.faults.injected.lost_reply).toBe(1);
  });

  test('a lost upload gets a new job and no row is created twice', async () => {
    await using bench = await openWriter();
    await bench.account.describe(signal);
    const probability = { lost_reply: 1 };
    bench.sandbox.faults.set({ seed: 1, probability, methods: ['PUT'], most: 2 });
    const results = await bench.account.write(
      fill(bulk, () => ({})),
      signal,
    );
    expect(new Set(results.map((result) => result.status))).toEqual(new Set(['written']));
    expect(bench.sandbox.count('Account')).toBe(bulk);
    expect(bench.sandbox.calls.byRoute['POST /jobs/ingest']).toBe(3);
  });

  test('results that cannot be read leave every row in doubt', async () => {
    await using bench = await openWriter();
    await bench.account.describe(signal);
    const paths = 'successfulResults';
    bench.sandbox.faults.set({ seed: 1, probability: { server_error: 1 }, paths });
    const results = await bench.account.write(
      fill(bulk, () => ({})),
      signal,
    );
    expect(new Set(results.map((result) => result.status))).toEqual(new Set(['in_doubt']));
  });

  test('prices are the calls of each way', async () => {
    await using bench = await openWriter();
    const { account } = bench;
    expect([1, 200, 201, 1999].map((n) => account.price('update', n))).toEqual([1, 1, 2, 10]);
    expect([2000, 50_000, 50_100, 100_000].map((n) => account.price('update', n))).toEqual([
      6, 6, 7, 12,
    ]);
    expect(account.groupSize('create', 1999)).toBe(200);
    expect(account.groupSize('create', 2000)).toBe(50_000);
  });
});

describe('describing', () => {
  test('names kinds, lengths, scales, picklists and keys', async () => {
    await using bench = await openWriter();
    const fields = await bench.account.describe(signal);
    const get = (name: string) => fields.find((field) => field.name === name);
    expect(get('Id')).toMatchObject({ kind: 'record_id', unique: true, updatable: false });
    expect(get('Name')).toMatchObject({ kind: 'text', required: true, lengthMax: 255 });
    expect(get('Ext__c')).toMatchObject({ unique: true });
    expect(get('Score__c')).toMatchObject({ kind: 'number', scale: 4 });
    expect(get('Seen__c')?.kind).toBe('datetime');
    expect(get('Since__c')?.kind).toBe('date');
    expect(get('Active__c')).toMatchObject({ kind: 'boolean', required: false });
    expect(get('Tags__c')?.kind).toBe('multi_select');
    expect(get('Tier__c')).toMatchObject({ values: ['gold', 'tin'] });
    expect(get('Industry')?.values).toBeUndefined();
    expect(get('SystemModstamp')).toMatchObject({ creatable: false, updatable: false });
    expect(get('BillingAddress')).toBeUndefined();
  });
});
