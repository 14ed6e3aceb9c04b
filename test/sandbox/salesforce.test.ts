import type jsforce from 'jsforce';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SalesforceSandbox } from '../../sandbox/salesforce/sandbox.ts';
import { connectJsforce, startHeld } from './salesforce-client.ts';

let sandbox: SalesforceSandbox;
let connection: jsforce.Connection;

beforeEach(async () => {
  sandbox = await startHeld({ pageSizeMax: 10 });
  sandbox.define({
    objects: {
      Account: {
        fields: [
          { name: 'Ext__c', type: 'string', length: 40, externalId: true, unique: true },
          { name: 'Group__c', type: 'string', length: 40, externalId: true },
        ],
      },
      Invoice__c: {
        fields: [
          { name: 'Account__c', type: 'reference', referenceTo: ['Account'] },
          { name: 'Total__c', type: 'currency', precision: 12, scale: 2 },
          { name: 'With_Tax__c', type: 'currency', formula: '"Total__c" * 1.2' },
        ],
      },
    },
  });
  connection = await connectJsforce(sandbox);
});
afterEach(() => sandbox.close());

function loadAccounts(count: number): void {
  sandbox.load(
    'Account',
    Array.from({ length: count }, (_, at) => ({ Name: `Account ${at}`, Ext__c: `E${at}` })),
  );
}

describe('unmodified jsforce against the Salesforce sandbox', () => {
  test('signs in, knows its organization and user, and reads the limit header', async () => {
    expect(connection.userInfo?.organizationId).toMatch(/^00D\w{15}$/);
    expect(connection.userInfo?.id).toMatch(/^005\w{15}$/);
    const identity = await connection.identity();
    expect(identity.username).toBe(sandbox.username);
    await connection.describeGlobal();
    expect(connection.limitInfo.apiUsage).toEqual({ used: 1, limit: 100_000 });
    expect((await connection.limits())['DailyApiRequests']).toEqual({
      Max: 100_000,
      Remaining: 99_998,
    });
  });

  test('describes objects and fields, custom ones included', async () => {
    const all = await connection.describeGlobal();
    const names = all.sobjects.map((object) => object.name);
    expect(names).toEqual(expect.arrayContaining(['Account', 'OpportunityHistory', 'Invoice__c']));
    const invoice = await connection.sobject('Invoice__c').describe();
    expect(invoice.keyPrefix).toBe('a00');
    const fields = new Map(invoice.fields.map((field) => [field.name, field]));
    expect(fields.get('Total__c')).toMatchObject({
      type: 'currency',
      precision: 12,
      scale: 2,
      custom: true,
      createable: true,
      calculated: false,
    });
    expect(fields.get('With_Tax__c')).toMatchObject({
      calculated: true,
      createable: false,
      updateable: false,
    });
    expect(fields.get('Account__c')).toMatchObject({
      referenceTo: ['Account'],
      relationshipName: 'Account__r',
    });
    const account = await connection.sobject('Account').describe();
    expect(account.childRelationships.map((child) => child.childSObject)).toContain('Invoice__c');
  });

  test('follows every page of a query and of a queryAll', async () => {
    loadAccounts(35);
    const [first] = (await connection.query('SELECT Id FROM Account LIMIT 1')).records;
    await connection.sobject('Account').destroy(first?.Id ?? '');
    const options = { autoFetch: true, maxFetch: 1000 };
    const live = await connection.query('SELECT Id, Name FROM Account', options);
    expect(new Set(live.records.map((row) => row['Id'])).size).toBe(34);
    const all = await connection.query('SELECT Id, IsDeleted FROM Account', {
      ...options,
      scanAll: true,
    });
    expect(all.records.length).toBe(35);
    expect(all.records.filter((row) => row['IsDeleted'] === true).length).toBe(1);
    expect(sandbox.calls.byRoute).toMatchObject({ 'GET /query/:locator': 6, 'GET /queryAll': 1 });
  });

  test('creates, reads, updates and deletes one record', async () => {
    const accounts = connection.sobject('Account');
    const created = await accounts.create({ Name: 'Acme', Industry: 'Banking' });
    expect(created).toMatchObject({ success: true, errors: [] });
    const id = created.id ?? '';
    expect(await accounts.retrieve(id)).toMatchObject({
      Id: id,
      Name: 'Acme',
      CreatedDate: '2026-03-02T12:00:00.000+0000',
      OwnerId: connection.userInfo?.id,
      IsDeleted: false,
    });
    sandbox.clock.advance(60_000);
    await accounts.update({ Id: id, Industry: null, Phone: '1' });
    expect(await accounts.retrieve(id.slice(0, 15))).toMatchObject({
      Industry: null,
      Phone: '1',
      CreatedDate: '2026-03-02T12:00:00.000+0000',
      SystemModstamp: '2026-03-02T12:01:00.000+0000',
    });
    await accounts.destroy(id);
    await expect(accounts.retrieve(id)).rejects.toMatchObject({ errorCode: 'ENTITY_IS_DELETED' });
    await expect(accounts.retrieve('001000000000000AAA')).rejects.toMatchObject({
      errorCode: 'NOT_FOUND',
    });
  });

  test('upserts by an external id: created, updated, or too many matches', async () => {
    const accounts = connection.sobject('Account');
    const first = await accounts.upsert({ Ext__c: 'X1', Name: 'One' }, 'Ext__c');
    const second = await accounts.upsert({ Ext__c: 'x1', Name: 'Uno' }, 'Ext__c');
    expect(first).toMatchObject({ success: true, created: true });
    expect(second).toMatchObject({ success: true, created: false, id: first.id });
    sandbox.load('Account', [
      { Name: 'A', Group__c: 'g' },
      { Name: 'B', Group__c: 'g' },
    ]);
    const many = accounts.upsert({ Group__c: 'g', Name: 'C' }, 'Group__c');
    await expect(many).rejects.toMatchObject({ name: 'MULTIPLE_CHOICES' });
    await expect(accounts.upsert({ Name: 'C', Site: 's' }, 'Site')).rejects.toMatchObject({
      errorCode: 'NOT_FOUND',
    });
  });

  test('collections answer row by row with statusCode, and roll back when asked to', async () => {
    const accounts = connection.sobject('Account');
    const mixed = await accounts.create([{ Name: 'A' }, { Site: 'no name' }, { Name: 'B' }]);
    expect(mixed.map((result) => result.success)).toEqual([true, false, true]);
    expect(mixed[1]).toMatchObject({
      errors: [
        {
          statusCode: 'REQUIRED_FIELD_MISSING',
          message: 'Required fields are missing: [Name]',
          fields: ['Name'],
        },
      ],
    });
    expect(sandbox.count('Account')).toBe(2);
    const none = await accounts.create([{ Name: 'A' }, { Site: 'no name' }], { allOrNone: true });
    expect(none[0]).toMatchObject({
      success: false,
      errors: [{ statusCode: 'ALL_OR_NONE_OPERATION_ROLLED_BACK' }],
    });
    expect(sandbox.count('Account')).toBe(2);
    const ids = mixed.flatMap((result) => (result.success ? [result.id ?? ''] : []));
    const updated = await accounts.update(ids.map((Id) => ({ Id, Phone: '2' })));
    expect(updated.every((result) => result.success)).toBe(true);
    const upserted = await accounts.upsert(
      [
        { Ext__c: 'n1', Name: 'New' },
        { Ext__c: 'n2', Name: 'Also new' },
        { Ext__c: 'n2', Name: 'Twice' },
      ],
      'Ext__c',
    );
    expect(upserted.map((result) => result.success)).toEqual([true, false, false]);
    expect(upserted[0]).toMatchObject({ created: true });
    expect(await accounts.retrieve(ids)).toHaveLength(2);
    const gone = await accounts.destroy([...ids, 'nonsense']);
    expect(gone.map((result) => result.success)).toEqual([true, true, false]);
    expect(sandbox.count('Account')).toBe(1);
  });

  test('more than 200 rows, an unknown field and a record without type refuse the whole call', async () => {
    const accounts = connection.sobject('Account');
    const many = Array.from({ length: 201 }, () => ({ Name: 'x' }));
    await expect(accounts.create(many)).rejects.toThrow('more than 200');
    const unknown = accounts.create([{ Name: 'A' }, { Name: 'B', Nope__c: 1 }]);
    await expect(unknown).rejects.toMatchObject({
      errorCode: 'INVALID_FIELD',
      message: expect.stringContaining("No such column 'Nope__c' on entity 'Account'"),
    });
    expect(sandbox.count('Account')).toBe(0);
  });

  test('nests parents and computes formulas, which move no timestamp', async () => {
    loadAccounts(1);
    const [account] = (await connection.query('SELECT Id FROM Account')).records;
    const invoices = connection.sobject('Invoice__c');
    await invoices.create([
      { Name: 'I1', Account__c: account?.Id, Total__c: 10 },
      { Name: 'I2', Total__c: 1.005 },
    ]);
    const soql = `SELECT Name, Total__c, With_Tax__c, Account__r.Name, Account__r.Owner.Name
      FROM Invoice__c ORDER BY Name`;
    const [one, two] = (await connection.query(soql)).records;
    expect(one).toMatchObject({
      With_Tax__c: 12,
      Account__r: { Name: 'Account 0', Owner: { Name: 'Integration User' } },
    });
    expect(two).toMatchObject({ Total__c: 1.01, Account__r: null });
  });

  test('getDeleted and getUpdated report what changed in a span', async () => {
    loadAccounts(3);
    const accounts = connection.sobject('Account');
    const ids = (await connection.query('SELECT Id FROM Account ORDER BY Name')).records;
    sandbox.clock.advance(3600_000);
    await accounts.update({ Id: ids[0]?.Id ?? '', Phone: '1' });
    await accounts.destroy(ids[1]?.Id ?? '');
    sandbox.clock.advance(3600_000);
    const updated = await accounts.updated('2026-03-02T12:30:00Z', '2026-03-02T13:30:00Z');
    expect(updated).toEqual({
      ids: [ids[0]?.Id],
      latestDateCovered: '2026-03-02T13:30:00.000+0000',
    });
    const deleted = await accounts.deleted('2026-03-02T12:30:00Z', '2026-03-02T18:00:00Z');
    expect(deleted).toEqual({
      deletedRecords: [{ id: ids[1]?.Id, deletedDate: '2026-03-02T13:00:00.000+0000' }],
      earliestDateAvailable: '2026-02-15T14:00:00.000+0000',
      latestDateCovered: '2026-03-02T14:00:00.000+0000',
    });
    const old = accounts.deleted('2026-01-02T12:30:00Z', '2026-03-02T18:00:00Z');
    await expect(old).rejects.toMatchObject({ errorCode: 'INVALID_REPLICATION_DATE' });
  });
});
