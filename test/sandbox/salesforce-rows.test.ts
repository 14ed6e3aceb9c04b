import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { toLongId } from '../../sandbox/salesforce/id.ts';
import type { SalesforceSandbox } from '../../sandbox/salesforce/sandbox.ts';
import { type RestClient, signIn, startHeld } from './salesforce-client.ts';

let sandbox: SalesforceSandbox;
let client: RestClient;
const day = 24 * 3600_000;

beforeEach(async () => {
  sandbox = await startHeld();
  sandbox.define({
    objects: {
      Account: {
        fields: [
          { name: 'Tier__c', type: 'picklist', picklist: ['Gold', 'Silver'], restricted: true },
          { name: 'Tags__c', type: 'multipicklist', picklist: ['x', 'y'], restricted: true },
          { name: 'Key__c', type: 'string', length: 10, externalId: true, unique: true },
          { name: 'Health__c', type: 'double', precision: 5, scale: 1 },
          { name: 'Margin__c', type: 'currency', formula: '"AnnualRevenue" * 0.3' },
          { name: 'Mail__c', type: 'email' },
        ],
      },
    },
  });
  client = await signIn(sandbox);
});
afterEach(() => sandbox.close());

describe('validation', () => {
  test.each([
    [{ Name: 'x'.repeat(256) }, 'STRING_TOO_LONG', ['Name']],
    [{}, 'REQUIRED_FIELD_MISSING', ['Name']],
    [{ Name: 'A', Tier__c: 'Tin' }, 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST', ['Tier__c']],
    [{ Name: 'A', Tags__c: 'x;z' }, 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST', ['Tags__c']],
    [{ Name: 'A', Key__c: 'taken' }, 'DUPLICATE_VALUE', ['Key__c']],
    [{ Name: 'A', Margin__c: 1 }, 'INVALID_FIELD_FOR_INSERT_UPDATE', ['Margin__c']],
    [{ Name: 'A', CreatedDate: '2026-01-01' }, 'INVALID_FIELD_FOR_INSERT_UPDATE', ['CreatedDate']],
    [{ Name: 'A', ParentId: '001000000000009' }, 'INVALID_CROSS_REFERENCE_KEY', ['ParentId']],
    [{ Name: 'A', OwnerId: 'nobody' }, 'MALFORMED_ID', ['OwnerId']],
    [{ Name: 'A', Mail__c: 'not mail' }, 'INVALID_EMAIL_ADDRESS', ['Mail__c']],
    [{ Name: 'A', Health__c: 12_345 }, 'NUMBER_OUTSIDE_VALID_RANGE', ['Health__c']],
    [{ Name: 'A', Health__c: 'much' }, 'JSON_PARSER_ERROR', undefined],
    [{ Name: 5 }, 'JSON_PARSER_ERROR', undefined],
    [{ Name: 'A', Nope__c: 1 }, 'INVALID_FIELD', undefined],
  ])('refuses %j with %s', async (record, errorCode, fields) => {
    sandbox.load('Account', [{ Name: 'Taken', Key__c: 'TAKEN' }]);
    const answer = await client.call('POST', '/sobjects/Account', record);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject([
      fields === undefined ? { errorCode } : { errorCode, fields },
    ]);
    expect(sandbox.count('Account')).toBe(1);
  });

  test('rounds to the scale, keeps multi-selects in picklist order, reads zones', async () => {
    const record = { Name: 'A', Health__c: 3.25, Tags__c: 'y;x;y', AnnualRevenue: '1000' };
    expect((await client.call('POST', '/sobjects/Account', record)).status).toBe(201);
    expect(await client.rows('SELECT Health__c, Tags__c, Margin__c FROM Account')).toMatchObject([
      { Health__c: 3.3, Tags__c: 'x;y', Margin__c: 300 },
    ]);
    const contact = { LastName: 'L', EmailBouncedDate: '2026-03-02T01:30:00.5+02:00' };
    await client.call('POST', '/sobjects/Contact', contact);
    expect(await client.rows('SELECT EmailBouncedDate FROM Contact')).toMatchObject([
      { EmailBouncedDate: '2026-03-01T23:30:00.000+0000' },
    ]);
  });

  test('ids have 18 characters whose last three tell the capitals', () => {
    expect(toLongId('001D000000IqhSL')).toBe('001D000000IqhSLIAZ');
  });
});

describe('a person in the CRM', () => {
  const stamps = 'CreatedDate, LastModifiedDate, SystemModstamp, LastModifiedById';

  test('moves the stamps to the clock, or to an earlier time for a late commit', async () => {
    const id = sandbox.person.create('Account', { Name: 'A' });
    sandbox.clock.advance(90_500);
    sandbox.person.update('Account', id, { Name: 'B' });
    const [now] = await client.rows(`SELECT ${stamps} FROM Account`);
    expect(now).toMatchObject({
      CreatedDate: '2026-03-02T12:00:00.000+0000',
      SystemModstamp: '2026-03-02T12:01:30.000+0000',
    });
    expect(now?.['LastModifiedById']).not.toBe(
      (await client.rows(`SELECT Id FROM User WHERE Username = '${sandbox.username}'`))[0]?.['Id'],
    );
    sandbox.person.update('Account', id, { Name: 'C' }, '2026-03-02T12:00:10Z');
    expect(await client.rows(`SELECT Name, ${stamps} FROM Account`)).toMatchObject([
      { Name: 'C', SystemModstamp: '2026-03-02T12:00:10.000+0000' },
    ]);
  });

  test('deletes with children, undeletes them, and the bin empties after 15 days', async () => {
    const account = sandbox.person.create('Account', { Name: 'A' });
    sandbox.person.create('Contact', { LastName: 'L', AccountId: account });
    sandbox.person.remove('Account', account);
    expect([sandbox.count('Account'), sandbox.count('Contact')]).toEqual([0, 0]);
    const read = async (): Promise<unknown[]> =>
      (
        (await client.call('GET', '/queryAll?q=SELECT+IsDeleted+FROM+Account')).json as {
          records: unknown[];
        }
      ).records;
    expect(await read()).toMatchObject([{ IsDeleted: true }]);
    sandbox.person.undelete('Account', account);
    expect([sandbox.count('Account'), sandbox.count('Contact')]).toEqual([1, 1]);
    sandbox.person.remove('Account', account);
    sandbox.clock.advance(15 * day + 1000);
    client = await signIn(sandbox);
    expect(await read()).toEqual([]);
    expect([...sandbox.rows('Account')]).toEqual([]);
  });

  test('merges: losers go with MasterRecordId, children move and are stamped', async () => {
    const [winner, loser] = ['W', 'L'].map((Name) => sandbox.person.create('Account', { Name }));
    const contact = sandbox.person.create('Contact', { LastName: 'C', AccountId: loser });
    sandbox.clock.advance(60_000);
    sandbox.person.merge('Account', winner ?? '', [loser ?? ''], { Phone: '7' });
    const rows = [...sandbox.rows('Account')];
    expect(rows).toMatchObject([
      { Name: 'W', Phone: '7', IsDeleted: false, MasterRecordId: null },
      { Name: 'L', IsDeleted: true, MasterRecordId: winner },
    ]);
    expect(await client.rows('SELECT Id, AccountId, SystemModstamp FROM Contact')).toMatchObject([
      { Id: contact, AccountId: winner, SystemModstamp: '2026-03-02T12:01:00.000+0000' },
    ]);
  });

  test('stage changes write OpportunityHistory, other changes do not', async () => {
    const fields = { Name: 'O', StageName: 'Prospecting', CloseDate: '2026-06-01', Amount: 100 };
    const id = sandbox.person.create('Opportunity', fields);
    sandbox.clock.advance(1000);
    sandbox.person.update('Opportunity', id, { NextStep: 'call' });
    sandbox.person.update('Opportunity', id, { StageName: 'Closed Won' });
    const history =
      'SELECT StageName, Amount, Probability FROM OpportunityHistory ORDER BY CreatedDate';
    expect(await client.rows(history)).toMatchObject([
      { StageName: 'Prospecting', Amount: 100, Probability: 10 },
      { StageName: 'Closed Won', Amount: 100, Probability: 100 },
    ]);
    expect(
      await client.rows('SELECT IsClosed, IsWon, ExpectedRevenue FROM Opportunity'),
    ).toMatchObject([{ IsClosed: true, IsWon: true, ExpectedRevenue: 100 }]);
    const write = await client.call('POST', '/sobjects/OpportunityHistory', { OpportunityId: id });
    expect(write.status).toBe(400);
  });

  test('works over HTTP too', async () => {
    const act = async (action: object): Promise<unknown> => {
      const options = { method: 'POST', body: JSON.stringify(action) };
      return (await fetch(`${sandbox.url}/_sandbox/person`, options)).json();
    };
    const created = await act({ action: 'create', object: 'Account', fields: { Name: 'H' } });
    const { id } = (created as { result: { id: string } }).result;
    await act({ action: 'update', object: 'Account', id, fields: { Name: 'I' } });
    const rows = await fetch(`${sandbox.url}/_sandbox/rows?object=Account`);
    expect(JSON.parse(await rows.text())).toMatchObject({ Id: id, Name: 'I' });
    expect(await act({ action: 'update', object: 'Account' })).toMatchObject({
      message: '"update" needs "id"',
    });
    expect(sandbox.calls.total).toBe(1);
  });
});

describe('permissions', () => {
  test('a hidden field vanishes from describe and queries, a dropped object from everything', async () => {
    sandbox.load('Account', [{ Name: 'A', Phone: '1' }]);
    sandbox.hideField('Account', 'Phone');
    const query = await client.call('GET', '/query?q=SELECT+Phone+FROM+Account');
    expect(query.json).toMatchObject([
      { errorCode: 'INVALID_FIELD', message: expect.stringContaining("No such column 'Phone'") },
    ]);
    const described = (await client.call('GET', '/sobjects/Account/describe')).text;
    expect(described).not.toContain('"Phone"');
    const [row] = [...sandbox.rows('Account')];
    sandbox.person.update('Account', String(row?.['Id']), { Phone: '2' });
    expect([...sandbox.rows('Account')]).toMatchObject([{ Phone: '2' }]);
    sandbox.dropObject('Account');
    expect((await client.call('GET', '/sobjects/Account/describe')).status).toBe(404);
    const gone = await client.call('GET', '/query?q=SELECT+Id+FROM+Account');
    expect(gone.json).toMatchObject([{ errorCode: 'INVALID_TYPE' }]);
    expect((await client.call('GET', '/sobjects')).text).not.toContain('"Account"');
    sandbox.show('Account');
    expect(await client.rows('SELECT Phone FROM Account')).toMatchObject([{ Phone: '2' }]);
  });
});

describe('definitions', () => {
  const define = (object: string, field: Record<string, unknown>) => () =>
    sandbox.define({ objects: { [object]: { fields: [field as { name: string; type: 'int' }] } } });

  test.each([
    ['Account', { name: 'A__c', type: 'integer' }, /type "integer"; known: id, string/],
    ['Account', { name: 'A b', type: 'int' }, /not a field name/],
    ['Account', { name: 'A__c', type: 'reference' }, /say "referenceTo"/],
    ['Account', { name: 'Name', type: 'int' }, /exists with type string/],
    [
      'Account',
      { name: 'A__c', type: 'int', formula: 'Nope * 2' },
      /does not compute: no such column/,
    ],
    ['Bill', { name: 'A__c', type: 'int' }, /end in __c/],
  ])('on %s, %j is refused with a reason', async (object, field, reason) => {
    expect(define(object, field)).toThrow(reason);
    expect(await client.rows('SELECT FIELDS(ALL) FROM Account LIMIT 1')).toEqual([]);
  });

  test('a field added later is there for rows loaded before', async () => {
    sandbox.load('Account', [{ Name: 'A' }]);
    define('Account', { name: 'Late__c', type: 'int' })();
    expect(await client.rows('SELECT Late__c FROM Account')).toMatchObject([{ Late__c: null }]);
  });
});

describe('loading', () => {
  test('takes a folder with a schema, CSV, JSON and NDJSON; ids and stamps are kept', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
    try {
      const fields = [{ name: 'Total__c', type: 'currency' }];
      const write = (name: string, text: string) => writeFile(join(folder, name), text);
      await write('schema.json', JSON.stringify({ objects: { Bill__c: { fields } } }));
      await write(
        'Account.csv',
        'Id,Name,AnnualRevenue,CreatedDate\n001A00000000001IAA,A,5,2020-01-01\n,B,,\n',
      );
      await write('Bill__c.json', '[{"Name":"b1","Total__c":1.5}]');
      await write('Contact.ndjson', '{"LastName":"L"}\n{"LastName":"M"}\n');
      expect(await sandbox.loadFolder(folder)).toEqual({ Account: 2, Bill__c: 1, Contact: 2 });
      expect(
        await client.rows('SELECT Id, CreatedDate, SystemModstamp FROM Account'),
      ).toMatchObject([
        { Id: '001A00000000001IAA', SystemModstamp: '2020-01-01T00:00:00.000+0000' },
        { Id: expect.stringMatching(/^001/), CreatedDate: '2026-03-02T12:00:00.000+0000' },
      ]);
      await rm(join(folder, 'Account.csv'));
      await write('Lead.ndjson', '{"LastName":"L"}\nnot json\n');
      await expect(sandbox.loadFolder(folder)).rejects.toThrow(/Lead.ndjson:2: not a JSON object/);
      await rm(join(folder, 'Lead.ndjson'));
      await write('Lead.csv', 'LastName,Nope\nL,1\n');
      await expect(sandbox.loadFolder(folder)).rejects.toThrow(
        /Lead.csv: Lead, row 1: no field "Nope"/,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('the same loads give the same ids', async () => {
    const other = await startHeld();
    for (const each of [sandbox, other]) each.load('Lead', [{ LastName: 'L' }, { LastName: 'M' }]);
    const ids = (each: SalesforceSandbox): unknown[] =>
      [...each.rows('Lead')].map((row) => row['Id']);
    expect(ids(other)).toEqual(ids(sandbox));
    await other.close();
  });

  test('rows in a file are there after a restart, and new ids do not collide', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
    const file = join(folder, 'org.db');
    const names: unknown[] = [];
    for (let life = 0; life < 2; life += 1) {
      const again = await startHeld({ file });
      again.load('Account', [{ Name: `life ${life}` }]);
      again.person.create('Account', { Name: 'by hand' });
      names.push(...[...again.rows('Account')].map((row) => row['Name']));
      await again.close();
    }
    await rm(folder, { recursive: true });
    expect(names.slice(2)).toEqual(['life 0', 'by hand', 'life 1', 'by hand']);
  });

  test('ids that were loaded are not minted again', () => {
    const id = sandbox.person.create('Lead', { LastName: 'L', Company: 'C' });
    sandbox.person.remove('Lead', id, undefined, true);
    const taken = `${id.slice(0, 14)}2`;
    sandbox.load('Lead', [{ Id: taken, LastName: 'M' }, { LastName: 'N' }]);
    expect([...sandbox.rows('Lead')].map((row) => String(row['Id']).slice(12, 15))).toEqual([
      '002',
      '003',
    ]);
  });
});
