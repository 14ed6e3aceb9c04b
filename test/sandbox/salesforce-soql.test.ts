import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SalesforceSandbox } from '../../sandbox/salesforce/sandbox.ts';
import { type RestClient, signIn, startHeld } from './salesforce-client.ts';

let sandbox: SalesforceSandbox;
let client: RestClient;

interface Sample {
  Name: string;
  Industry: string | null;
  AnnualRevenue: number | null;
  Start__c: string | null;
  Seen__c: string | null;
  Active__c: boolean;
  Tags__c: string | null;
}

const names = ['Acme', 'acme', 'Beta %', "O'Neil", 'Gamma_1', 'x\\y', 'Ärger'];
const industries = [null, 'Banking', 'Energy', 'Media'];
const numbers = [null, -5, 0, 7, 7, 1000];
const days = [null, '2026-03-01', '2026-03-02', '2026-02-10', '2025-12-31'];
const times = [null, '2026-03-02T00:00:00Z', '2026-03-01T23:59:59Z', '2026-03-02T12:30:00Z'];
const tags = [null, 'a', 'a;b', 'b;c', 'ab'];
const pickFrom = <T>(list: readonly T[], at: number): T => list[at % list.length] as T;

const samples: Sample[] = Array.from({ length: 120 }, (_, at) => ({
  Name: pickFrom(names, at),
  Industry: pickFrom(industries, Math.floor(at / 3)),
  AnnualRevenue: pickFrom(numbers, Math.floor(at / 5)),
  Start__c: pickFrom(days, Math.floor(at / 2)),
  Seen__c: pickFrom(times, Math.floor(at / 7)),
  Active__c: at % 3 === 0,
  Tags__c: pickFrom(tags, Math.floor(at / 4)),
}));

beforeAll(async () => {
  sandbox = await startHeld();
  sandbox.define({
    objects: {
      Account: {
        fields: [
          { name: 'Start__c', type: 'date' },
          { name: 'Seen__c', type: 'datetime' },
          { name: 'Active__c', type: 'boolean' },
          { name: 'Tags__c', type: 'multipicklist', picklist: ['a', 'b', 'c', 'ab'] },
          { name: 'No__c', type: 'int' },
        ],
      },
    },
  });
  sandbox.load(
    'Account',
    samples.map((row, at) => ({ ...row, No__c: at })),
  );
  client = await signIn(sandbox);
});
afterAll(() => sandbox.close());

/** A condition as SOQL and as a filter in JavaScript. */
interface Predicate {
  soql: string;
  holds(row: Sample): boolean;
}

const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
const asciiLower = (text: string): string =>
  text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
const same = (a: string | null, b: string): boolean =>
  a !== null && asciiLower(a) === asciiLower(b);

const compare: Record<string, (a: number | string, b: number | string) => boolean> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};
const orders = fc.constantFrom('<', '<=', '>', '>=');

const byName: fc.Arbitrary<Predicate> = fc
  .constantFrom(...names)
  .chain((name) =>
    fc.constantFrom<Predicate>(
      { soql: `Name = ${quote(name)}`, holds: (row) => same(row.Name, name) },
      { soql: `Name != ${quote(name)}`, holds: (row) => !same(row.Name, name) },
    ),
  );
const byLike: fc.Arbitrary<Predicate> = fc.constantFrom(
  { soql: `Name LIKE 'a%'`, holds: (row: Sample) => /^a/i.test(row.Name) },
  { soql: `Name LIKE '%\\%'`, holds: (row: Sample) => row.Name.endsWith('%') },
  { soql: `Name LIKE '_cm_'`, holds: (row: Sample) => /^.cm.$/i.test(row.Name) },
  { soql: `Name LIKE 'gamma\\_1'`, holds: (row: Sample) => row.Name === 'Gamma_1' },
  { soql: `Industry LIKE '%'`, holds: (row: Sample) => row.Industry !== null },
);
const byIndustry: fc.Arbitrary<Predicate> = fc
  .subarray(['Banking', 'Energy', 'Media'], { minLength: 1 })
  .chain((list) => {
    const text = list.map(quote).join(', ');
    const isIn = (row: Sample): boolean => row.Industry !== null && list.includes(row.Industry);
    return fc.constantFrom<Predicate>(
      { soql: `Industry IN (${text})`, holds: isIn },
      { soql: `Industry NOT IN (${text})`, holds: (row) => !isIn(row) },
      { soql: 'Industry = null', holds: (row) => row.Industry === null },
      { soql: `Industry != ''`, holds: (row) => row.Industry !== null },
    );
  });
const byNumber: fc.Arbitrary<Predicate> = fc
  .tuple(orders, fc.constantFrom(-5, 0, 7, 8.5))
  .map(([order, number]) => ({
    soql: `AnnualRevenue ${order} ${number}`,
    holds: (row) =>
      row.AnnualRevenue !== null && compare[order]?.(row.AnnualRevenue, number) === true,
  }));
const byDay: fc.Arbitrary<Predicate> = fc
  .tuple(orders, fc.constantFrom('2026-03-01', '2026-02-10'))
  .map(([order, day]) => ({
    soql: `Start__c ${order} ${day}`,
    holds: (row) => row.Start__c !== null && compare[order]?.(row.Start__c, day) === true,
  }));
const byTime: fc.Arbitrary<Predicate> = fc.constantFrom<Predicate>(
  {
    soql: 'Seen__c >= 2026-03-02T01:00:00+01:00',
    holds: (row) => row.Seen__c !== null && row.Seen__c >= '2026-03-02T00:00:00Z',
  },
  { soql: 'Seen__c = TODAY', holds: (row) => row.Seen__c?.startsWith('2026-03-02') === true },
  { soql: 'Seen__c != TODAY', holds: (row) => row.Seen__c?.startsWith('2026-03-02') !== true },
  { soql: 'Seen__c < TODAY', holds: (row) => row.Seen__c === '2026-03-01T23:59:59Z' },
  {
    soql: 'Start__c = LAST_N_DAYS:5',
    holds: (row) => row.Start__c !== null && row.Start__c >= '2026-02-25',
  },
  { soql: 'Start__c = LAST_YEAR', holds: (row) => row.Start__c === '2025-12-31' },
);
const byFlag: fc.Arbitrary<Predicate> = fc.constantFrom<Predicate>(
  { soql: 'Active__c = true', holds: (row) => row.Active__c },
  { soql: 'Active__c != TRUE', holds: (row) => !row.Active__c },
  {
    soql: `Tags__c INCLUDES ('a;b', 'c')`,
    holds: (row) => row.Tags__c === 'a;b' || row.Tags__c === 'b;c',
  },
  {
    soql: `Tags__c EXCLUDES ('a')`,
    holds: (row) => row.Tags__c?.split(';').includes('a') !== true,
  },
);

const { tree } = fc.letrec<{ tree: Predicate; leaf: Predicate; node: Predicate }>((tie) => ({
  tree: fc.oneof({ maxDepth: 3, withCrossShrink: true }, tie('leaf'), tie('node')),
  leaf: fc.oneof(byName, byLike, byIndustry, byNumber, byDay, byTime, byFlag),
  node: fc.oneof(
    fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => ({
      soql: `(${a.soql}) AND (${b.soql})`,
      holds: (row: Sample) => a.holds(row) && b.holds(row),
    })),
    fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => ({
      soql: `((${a.soql}) OR (${b.soql}))`,
      holds: (row: Sample) => a.holds(row) || b.holds(row),
    })),
    tie('tree').map((a) => ({
      soql: `(NOT (${a.soql}))`,
      holds: (row: Sample) => !a.holds(row),
    })),
  ),
}));

describe('SOQL', () => {
  test('finds the rows that a filter in JavaScript finds, whatever the condition', async () => {
    await fc.assert(
      fc.asyncProperty(tree, async (predicate) => {
        const soql = `SELECT No__c FROM Account WHERE ${predicate.soql} ORDER BY No__c`;
        const found = (await client.rows(soql)).map((row) => row['No__c']);
        const wanted = samples.flatMap((row, at) => (predicate.holds(row) ? [at] : []));
        expect(found).toEqual(wanted);
      }),
      { numRuns: 300 },
    );
  });

  test('sorts nulls first in both directions unless told otherwise', async () => {
    const read = async (order: string): Promise<unknown[]> =>
      (await client.rows(`SELECT AnnualRevenue FROM Account ORDER BY ${order}`)).map(
        (row) => row['AnnualRevenue'],
      );
    expect((await read('AnnualRevenue'))[0]).toBeNull();
    expect((await read('AnnualRevenue DESC'))[0]).toBeNull();
    expect((await read('AnnualRevenue DESC NULLS LAST'))[0]).toBe(1000);
    expect((await read('AnnualRevenue ASC NULLS LAST LIMIT 1 OFFSET 2'))[0]).toBe(-5);
  });

  test('selects FIELDS within its limit, and counts', async () => {
    const [row] = await client.rows('SELECT FIELDS(ALL) FROM Account LIMIT 200');
    expect(row).toMatchObject({ No__c: 0, Name: 'Acme', BillingAddress: null });
    const [custom] = await client.rows('SELECT FIELDS(CUSTOM) FROM Account LIMIT 1');
    expect(Object.keys(custom ?? {})).toEqual([
      'attributes',
      'Start__c',
      'Seen__c',
      'Active__c',
      'Tags__c',
      'No__c',
    ]);
    expect(await client.rows('SELECT FIELDS(STANDARD) FROM Account')).toHaveLength(120);
    const counted = await client.call('GET', '/query/?q=SELECT+count()+FROM+Account+LIMIT+50');
    expect(counted.json).toEqual({ totalSize: 50, done: true, records: [] });
  });

  test('joins semi-queries and takes 15-character ids', async () => {
    const [account] = await client.rows('SELECT Id FROM Account WHERE No__c = 3');
    const id = String(account?.['Id']);
    sandbox.load('Contact', [{ LastName: 'Weber', FirstName: 'Ida', AccountId: id }]);
    sandbox.load('Lead', [{ LastName: 'Lead', Company: 'C' }]);
    const inner = 'SELECT No__c FROM Account WHERE Id IN (SELECT AccountId FROM Contact)';
    expect(await client.rows(inner)).toMatchObject([{ No__c: 3 }]);
    const short = `SELECT Name FROM Contact WHERE AccountId = '${id.slice(0, 15)}'`;
    expect(await client.rows(short)).toMatchObject([{ Name: 'Ida Weber' }]);
    const [contact] = await client.rows("SELECT Id FROM Contact WHERE Name = 'ida weber'");
    sandbox.load('Task', [{ Subject: 'Call', WhoId: contact?.['Id'], WhatId: id }]);
    expect(await client.rows('SELECT Who.Name, Who.Type, What.Name FROM Task')).toMatchObject([
      { Who: { Name: 'Ida Weber', Type: 'Contact' }, What: { Name: "O'Neil" } },
    ]);
  });

  test.each([
    ['SELECT Id FRM Account', 'MALFORMED_QUERY', /unexpected token: 'FRM'/],
    ['SELECT Nope FROM Account', 'INVALID_FIELD', /No such column 'Nope' on entity 'Account'/],
    ['SELECT Id FROM Nope', 'INVALID_TYPE', /sObject type 'Nope' is not supported/],
    ['SELECT Nope.Name FROM Account', 'INVALID_FIELD', /understand relationship 'Nope'/],
    ['SELECT Id FROM Account WHERE Name = 1', 'INVALID_FIELD', /must be of type string/],
    ["SELECT Id FROM Account WHERE No__c = '1'", 'INVALID_FIELD', /must be of type int/],
    ["SELECT Id FROM Account WHERE Id = 'x'", 'INVALID_QUERY_FILTER_OPERATOR', /invalid ID field/],
    ["SELECT Id FROM Account WHERE Description = 'x'", 'INVALID_FIELD', /can not be filtered/],
    ['SELECT Id FROM Account ORDER BY Description', 'MALFORMED_QUERY', /can not be sorted/],
    ['SELECT Id, id FROM Account', 'INVALID_FIELD', /duplicate field selected: Id/],
    ['SELECT FIELDS(ALL) FROM Account', 'MALFORMED_QUERY', /LIMIT of at most 200/],
    ['SELECT Id FROM Account OFFSET 2001', 'NUMBER_OUTSIDE_VALID_RANGE', /2000/],
    [
      "SELECT Id FROM Account WHERE No__c = 1 AND No__c = 2 OR Name = 'x'",
      'MALFORMED_QUERY',
      /unexpected token: 'OR'/,
    ],
  ])('answers %s with %s', async (soql, errorCode, message) => {
    const answer = await client.call('GET', `/query?q=${encodeURIComponent(soql)}`);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject([{ errorCode, message: expect.stringMatching(message) }]);
  });

  test('refuses an address that is too long with 414', async () => {
    const soql = `SELECT Id FROM Account WHERE Name = '${'x'.repeat(17_000)}'`;
    const answer = await client.call('GET', `/query?q=${encodeURIComponent(soql)}`);
    expect(answer.status).toBe(414);
  });
});
