import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startHubSpotSandbox } from '../../sandbox/hubspot/sandbox.ts';
import { idsOf, type Json, nextOf, openHarness, propertiesOf } from './hubspot-harness.ts';

function openFolder(files: Record<string, string>): { folder: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'hubspot-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

describe('metadata', () => {
  test('a property can be created, changed and archived, and its values follow', async () => {
    await using harness = await openHarness();
    const { sandbox, call } = harness;
    sandbox.load('contacts', [{ id: 1 }]);
    const path = '/crm/v3/properties/contacts';
    const tier = {
      name: 'tier',
      label: 'Tier',
      type: 'enumeration',
      fieldType: 'select',
      groupName: 'contactinformation',
      options: [{ label: 'Gold', value: 'gold' }],
    };
    expect((await call('POST', path, { ...tier, name: 'Bad Name' })).status).toBe(400);
    expect((await call('POST', path, tier)).status).toBe(201);
    expect((await call('POST', path, tier)).status).toBe(409);
    const write = (value: string) =>
      call('PATCH', '/crm/v3/objects/contacts/1', { properties: { tier: value } });
    expect((await write('Gold')).status).toBe(400);
    expect((await write('gold')).status).toBe(200);
    const options = [{ label: 'Silver', value: 'silver' }];
    expect((await call('PATCH', `${path}/tier`, { options })).status).toBe(200);
    expect((await write('silver')).status).toBe(200);
    expect((await call('DELETE', `${path}/tier`)).status).toBe(204);
    expect((await write('silver')).body['message']).toContain('PROPERTY_DOESNT_EXIST');
    const names = async (query: string) =>
      (await call('GET', `${path}${query}`)).results.map((property) => property['name']);
    expect(await names('')).not.toContain('tier');
    expect(await names('?archived=true')).toEqual(['tier']);
  });

  test('describes a property with every key clients read', async () => {
    await using harness = await openHarness();
    const answer = await harness.call('GET', '/crm/v3/properties/deals/dealstage');
    expect(answer.body).toMatchObject({
      name: 'dealstage',
      type: 'enumeration',
      fieldType: 'radio',
      groupName: 'dealinformation',
      options: [],
      calculated: false,
      externalOptions: true,
      hasUniqueValue: false,
      hubspotDefined: true,
      hidden: false,
      formField: true,
      archived: false,
      modificationMetadata: { archivable: false, readOnlyDefinition: true, readOnlyValue: false },
    });
    expect((await harness.call('GET', '/crm/v3/properties/deals/nope')).status).toBe(404);
  });

  test('owners come with and without the trailing slash, paged, by address and by user', async () => {
    await using harness = await openHarness();
    const { sandbox, call } = harness;
    const owners = ['10', '20', '30'].map((id) => ({ id, email: `o${id}@x.io` }));
    sandbox.define({ owners: [...owners, { id: '40', email: 'gone@x.io', archived: true }] });
    expect(idsOf((await call('GET', '/crm/v3/owners')).results)).toEqual(['10', '20', '30']);
    const first = await call('GET', '/crm/v3/owners/?limit=2');
    expect(nextOf(first.body)).toBe('20');
    const second = await call('GET', '/crm/v3/owners/?limit=2&after=20');
    expect(idsOf(second.results)).toEqual(['30']);
    expect(second.body).not.toHaveProperty('paging');
    const byEmail = await call('GET', '/crm/v3/owners/?email=o20%40x.io');
    expect(idsOf(byEmail.results)).toEqual(['20']);
    const gone = await call('GET', '/crm/v3/owners/?archived=true');
    expect(idsOf(gone.results)).toEqual(['40']);
    const userId = String(first.results[0]?.['userId']);
    const byUser = await call('GET', `/crm/v3/owners/${userId}?idProperty=userId`);
    expect(byUser.body['id']).toBe('10');
    const write = (hubspot_owner_id: string) =>
      call('POST', '/crm/v3/objects/deals', { properties: { hubspot_owner_id } });
    expect((await write('10')).status).toBe(201);
    expect((await write('99')).status).toBe(400);
  });

  test('pipelines can be replaced, and stages are checked against them', async () => {
    await using harness = await openHarness();
    const { sandbox, call } = harness;
    const stages = [
      { id: 'first', probability: 0.5 },
      { id: 'won', probability: 1 },
    ];
    sandbox.define({ pipelines: { deals: [{ id: 'p1', label: 'Mine', stages }] } });
    const read = await call('GET', '/crm/v3/pipelines/deals/p1/stages');
    expect(read.results).toMatchObject([
      { id: 'first', metadata: { probability: '0.5', isClosed: 'false' } },
      { id: 'won', metadata: { probability: '1.0', isClosed: 'true' } },
    ]);
    const write = (dealstage: string) =>
      call('POST', '/crm/v3/objects/deals', { properties: { pipeline: 'p1', dealstage } });
    expect((await write('won')).status).toBe(201);
    expect((await write('closedwon')).status).toBe(400);
  });

  test('custom objects have a schema and answer to name, full name and id', async () => {
    await using harness = await openHarness();
    const { call } = harness;
    const made = await call('POST', '/crm-object-schemas/v3/schemas', {
      name: 'vehicles',
      labels: { singular: 'Vehicle', plural: 'Vehicles' },
      primaryDisplayProperty: 'vin',
      requiredProperties: ['vin'],
      properties: [{ name: 'vin', label: 'VIN', type: 'string', fieldType: 'text' }],
    });
    expect(made.status).toBe(201);
    const { objectTypeId, fullyQualifiedName } = made.body;
    expect(String(objectTypeId)).toMatch(/^2-\d+$/);
    for (const type of ['vehicles', objectTypeId, fullyQualifiedName]) {
      const path = `/crm/v3/objects/${String(type)}`;
      expect((await call('POST', path, { properties: { vin: 'V' } })).status).toBe(201);
    }
    expect((await call('GET', '/crm/v3/objects/vehicles')).results).toHaveLength(3);
    const read = await call('GET', `/crm-object-schemas/v3/schemas/${String(objectTypeId)}`);
    expect(read.body).toMatchObject({ name: 'vehicles', requiredProperties: ['vin'] });
  });

  test('answers under dated paths as under the old ones', async () => {
    await using harness = await openHarness();
    const { sandbox, call } = harness;
    sandbox.load('contacts', [{ id: 1 }]);
    expect(idsOf((await call('GET', '/crm/objects/2026-09/contacts')).results)).toEqual(['1']);
    expect((await call('POST', '/crm/objects/2026-03/0-1/search', {})).results).toHaveLength(1);
    for (const path of [
      '/crm/properties/2026-09/contacts',
      '/crm/owners/2026-09',
      '/crm/pipelines/2026-09/deals',
      '/crm-object-schemas/2026-09/schemas',
      '/crm/objects/2026-09/contacts/1/associations/companies',
      '/account-info/v3/details',
    ]) {
      expect((await call('GET', path)).status).toBe(200);
    }
  });
});

test('a definition that fails leaves the account as it was', async () => {
  await using harness = await openHarness();
  const { sandbox, call } = harness;
  sandbox.load('contacts', [{ id: 1 }]);
  const contacts = { properties: [{ name: 'score' }] };
  const broken = { properties: [{ name: 'vin' }], requiredProperties: ['plate'] };
  expect(() => sandbox.define({ objects: { contacts, vehicles: broken } })).toThrow('"plate"');
  expect((await call('GET', '/crm/v3/properties/contacts/score')).status).toBe(404);
  expect((await call('GET', '/crm/v3/objects/vehicles')).status).toBe(400);
  sandbox.define({ objects: { contacts, vehicles: { properties: [{ name: 'vin' }] } } });
  sandbox.person.update('contacts', '1', { score: 'high' });
  sandbox.person.create('vehicles', { vin: 'V' });
  const archived = { contacts: { remove: ['score'] } };
  sandbox.define({ objects: archived });
  expect(() => sandbox.person.update('contacts', '1', { score: 'low' })).toThrow('DOESNT_EXIST');
});

describe('loading', () => {
  test('takes a folder with schema, files of three kinds and associations', async () => {
    using files = openFolder({
      'schema.json': JSON.stringify({
        objects: { contacts: { properties: [{ name: 'score', type: 'number' }] } },
        owners: [{ id: '5', email: 'rep@x.io' }],
      }),
      'associations.csv':
        'from_type,from_id,to_type,to_id,type_id\ncontacts,1,companies,9,1\ncontacts,2,companies,9,\n',
      'companies.ndjson': '{"id":9,"name":"Acme"}\n',
      'contacts.csv':
        'id,email,score,createdate,lastmodifieddate\n1,A@x.io,5,2024-01-01T00:00:00Z,2024-02-01\n2,b@x.io,,,\n',
      'deals.json': '[{"dealname":"D","amount":10.5}]',
    });
    await using harness = await openHarness();
    const { sandbox, call } = harness;
    expect(await sandbox.loadFolder(files.folder)).toBe(6);
    const read = await call('GET', '/crm/v3/objects/contacts/1?properties=email,score');
    expect(read.body).toMatchObject({
      properties: { email: 'a@x.io', score: '5' },
      createdAt: '2024-01-01T00:00:00.000Z',
      updatedAt: '2024-02-01T00:00:00.000Z',
    });
    expect(sandbox.count('associations')).toBe(6);
  });

  const bad: readonly [string, Record<string, string>, RegExp][] = [
    ['an unknown object', { 'unicorns.csv': 'id\n1\n' }, /unicorns\.csv: no object "unicorns"/],
    [
      'an unknown column',
      { 'contacts.csv': 'nope\n1\n' },
      /contacts\.csv: row 1 .*"nope"; declare/,
    ],
    [
      'a value of the wrong type',
      { 'deals.csv': 'amount\n1\nten\n' },
      /deals\.csv: row 2 .*"amount" \(number\) refused its value: INVALID_INTEGER/,
    ],
    [
      'an address used twice',
      { 'contacts.csv': 'email\na@x.io\nA@x.io\n' },
      /contacts\.csv: row 2 .*already has its email/,
    ],
    [
      'a relation to nothing',
      { 'associations.csv': 'from_type,from_id,to_type,to_id\ncontacts,1,companies,2\n' },
      /associations\.csv: row 1 .*no contact/,
    ],
    [
      'a schema with an unknown key',
      { 'schema.json': '{"object":{}}' },
      /schema\.json: .*"object"/,
    ],
  ];
  test.each(bad)('says where and what for %s', async (_what, content, message) => {
    using files = openFolder(content);
    await using harness = await openHarness();
    const { sandbox } = harness;
    await expect(sandbox.loadFolder(files.folder)).rejects.toThrow(message);
    expect(sandbox.count('contacts') + sandbox.count('deals')).toBe(0);
  });

  test('an account kept in a file goes on where it stopped', async () => {
    using files = openFolder({});
    const file = join(files.folder, 'account.db');
    const before = await startHubSpotSandbox({ file });
    before.define({
      objects: { vehicles: { properties: [{ name: 'vin', hasUniqueValue: true }] } },
      owners: [{ id: '5', email: 'rep@x.io' }],
    });
    const first = before.person.create('vehicles', { vin: 'V1' });
    await before.close();
    const after = await startHubSpotSandbox({ file });
    const second = after.person.create('vehicles', { vin: 'V2', hubspot_owner_id: '5' });
    expect(Number(second)).toBeGreaterThan(Number(first));
    expect(() => after.person.create('vehicles', { vin: 'V1' })).toThrow(/CONFLICTING/);
    expect([...after.rows('vehicles')].map((row) => row['id'])).toEqual([first, second]);
    await after.close();
  });
});

describe('a person in the CRM', () => {
  test('makes a change that arrives late, with its own stamp and no API call', async () => {
    await using harness = await openHarness();
    const { sandbox, call } = harness;
    sandbox.load('contacts', [{ id: 1, city: 'Ulm', updatedAt: '2026-01-01' }]);
    sandbox.person.update('contacts', '1', { city: 'Bonn' }, { at: '2026-02-01T00:00:00Z' });
    expect(sandbox.calls.total).toBe(0);
    const read = await call('GET', '/crm/v3/objects/contacts/1');
    expect(read.body['updatedAt']).toBe('2026-02-01T00:00:00.000Z');
    expect(() => sandbox.person.update('contacts', '7', {})).toThrow('no live contact 7');
    expect(() => sandbox.person.update('contacts', '1', { nope: 1 })).toThrow('PROPERTY_DOESNT');
  });

  test('and every other control work over HTTP, uncounted', async () => {
    await using harness = await openHarness();
    const { sandbox, call, clock } = harness;
    const control = (path: string, body: unknown) => call('POST', `/_sandbox/${path}`, body);
    const properties = [{ name: 'score', type: 'number' }];
    await control('define', { objects: { contacts: { properties } } });
    const loaded = await control('load?object=contacts', [{ id: 1, score: 4 }, { id: 2 }]);
    expect(loaded.body).toEqual({ loaded: 2 });
    await control('clock', { advance_ms: 500 });
    expect(clock.now() % 1_000).toBe(500);
    const act = (body: Json) => control('person', { object: 'contacts', ...body });
    const created = await act({ action: 'create', fields: { email: 'a@x.io' } });
    const { id } = created.body['result'] as { id: string };
    await act({ action: 'update', id, fields: { score: 9 } });
    await act({ action: 'delete', id: '2' });
    await act({ action: 'merge', id, losers: ['1'] });
    expect((await act({ action: 'update', id: '99' })).status).toBe(400);
    const rows = String((await call('GET', '/_sandbox/rows?object=contacts')).body['text']);
    const parsed = rows
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Json);
    expect(parsed).toMatchObject([
      { id: '2', archived: true },
      { id, archived: false },
    ]);
    expect(propertiesOf(parsed[1])['hs_merged_object_ids']).toBe('1');
    expect((await call('GET', '/_sandbox/count?object=contacts')).body).toEqual({ count: 1 });
    expect(sandbox.calls.total).toBe(0);
    await call('GET', `/crm/v3/objects/contacts/${id}`);
    await call('GET', '/crm/v4/objects/contacts/1/associations/companies');
    expect(sandbox.calls.byRoute).toEqual({
      'GET /crm/v3/objects/contacts/{id}': 1,
      'GET /crm/v4/objects/contacts/{id}/associations/companies': 1,
    });
  });
});
