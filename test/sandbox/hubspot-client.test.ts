import { Client } from '@hubspot/api-client';
import { FilterOperatorEnum } from '@hubspot/api-client/lib/codegen/crm/contacts/index.js';
import { AssociationSpecAssociationCategoryEnum } from '@hubspot/api-client/lib/codegen/crm/objects/index.js';
import { describe, expect, test } from 'vitest';
import { type Harness, openHarness } from './hubspot-harness.ts';

async function openClient(): Promise<{ harness: Harness; client: Client }> {
  const harness = await openHarness();
  const { sandbox } = harness;
  const client = new Client({ accessToken: sandbox.token, basePath: sandbox.url });
  return { harness, client };
}

describe('the unmodified @hubspot/api-client', () => {
  test('lists every contact page by page, with properties and associations', async () => {
    const { harness, client } = await openClient();
    await using _ = harness;
    harness.sandbox.load(
      'contacts',
      Array.from({ length: 250 }, (_row, index) => ({ email: `p${index}@x.io` })),
    );
    harness.sandbox.load('companies', [{ id: 77, name: 'Acme' }]);
    const [first] = harness.sandbox.rows('contacts');
    const firstId = String(first?.['id']);
    harness.sandbox.person.associate({
      fromType: 'contacts',
      fromId: firstId,
      toType: 'companies',
      toId: '77',
    });
    const page = await client.crm.contacts.basicApi.getPage(
      10,
      undefined,
      ['email', 'phone'],
      undefined,
      ['companies'],
    );
    expect(page.results[0]?.properties).toMatchObject({ email: 'p0@x.io', phone: null });
    expect(page.results[0]?.createdAt).toBeInstanceOf(Date);
    expect(page.results[0]?.associations?.['companies']?.results).toEqual([
      { id: '77', type: 'contact_to_company' },
    ]);
    expect(page.paging?.next?.after).toBeDefined();
    const all = await client.crm.contacts.getAll(100, undefined, ['email']);
    expect(new Set(all.map((contact) => contact.properties['email'])).size).toBe(250);
    expect(harness.sandbox.calls.byRoute['GET /crm/v3/objects/contacts']).toBe(4);
  });

  test('searches, and pages through what it found', async () => {
    const { harness, client } = await openClient();
    await using _ = harness;
    harness.sandbox.load(
      'contacts',
      Array.from({ length: 30 }, (_row, index) => ({
        email: `p${index}@x.io`,
        lastmodifieddate: 1_700_000_000_000 + index,
      })),
    );
    const search = (after?: string) =>
      client.crm.contacts.searchApi.doSearch({
        filterGroups: [
          {
            filters: [
              {
                propertyName: 'lastmodifieddate',
                operator: FilterOperatorEnum.Gte,
                value: '1700000000010',
              },
            ],
          },
        ],
        sorts: ['lastmodifieddate'],
        properties: ['email'],
        limit: 15,
        ...(after === undefined ? {} : { after }),
      });
    const first = await search();
    expect(first.total).toBe(20);
    expect(first.results[0]?.properties['email']).toBe('p10@x.io');
    const second = await search(first.paging?.next?.after);
    expect(second.results).toHaveLength(5);
    expect(second.paging).toBeUndefined();
  });

  test('writes one by one and in batches, and sees a 207 without an exception', async () => {
    const { harness, client } = await openClient();
    await using _ = harness;
    const created = await client.crm.contacts.basicApi.create({
      properties: { email: 'Ann@X.io', firstname: 'Ann' },
      associations: [],
    });
    const read = await client.crm.contacts.basicApi.getById(
      'ann@x.io',
      ['email'],
      undefined,
      undefined,
      false,
      'email',
    );
    expect(read.id).toBe(created.id);
    const batch = await client.crm.contacts.batchApi.create({
      inputs: [
        { objectWriteTraceId: 'a', properties: { email: 'b@x.io' }, associations: [] },
        { objectWriteTraceId: 'b', properties: { email: 'ann@x.io' }, associations: [] },
      ],
    });
    expect(batch.results).toHaveLength(1);
    expect(batch).toMatchObject({ numErrors: 1 });
    const upserted = await client.crm.contacts.batchApi.upsert({
      inputs: [
        { id: 'ann@x.io', idProperty: 'email', properties: { firstname: 'Anna' } },
        { id: 'c@x.io', idProperty: 'email', properties: { firstname: 'Cy' } },
      ],
    });
    const isNew = upserted.results.map((result) => [result.properties['email'], result._new]);
    expect(new Map(isNew as [string, boolean][])).toEqual(
      new Map([
        ['ann@x.io', false],
        ['c@x.io', true],
      ]),
    );
    await client.crm.contacts.batchApi.archive({ inputs: [{ id: created.id }] });
    expect(harness.sandbox.count('contacts')).toBe(2);
    await expect(client.crm.contacts.basicApi.getById(created.id)).rejects.toMatchObject({
      code: 404,
    });
  });

  test('reads owners, properties, pipelines and schemas', async () => {
    const { harness, client } = await openClient();
    await using _ = harness;
    harness.sandbox.define({
      owners: [{ id: '11', email: 'rep@x.io', firstName: 'Rep' }],
      objects: {
        contacts: { properties: [{ name: 'health', type: 'number', label: 'Health' }] },
        vehicles: { label: 'Vehicles', properties: [{ name: 'vin', type: 'string' }] },
      },
    });
    const owners = await client.crm.owners.ownersApi.getPage();
    expect(owners.results[0]).toMatchObject({ id: '11', email: 'rep@x.io', firstName: 'Rep' });
    const properties = await client.crm.properties.coreApi.getAll('contacts');
    const health = properties.results.find(({ name }) => name === 'health');
    expect(health).toMatchObject({ type: 'number', fieldType: 'number', label: 'Health' });
    const created = properties.results.find(({ name }) => name === 'createdate');
    expect(created?.modificationMetadata?.readOnlyValue).toBe(true);
    const pipelines = await client.crm.pipelines.pipelinesApi.getAll('deals');
    const stages = pipelines.results[0]?.stages ?? [];
    expect(stages.find(({ id }) => id === 'closedwon')?.metadata).toMatchObject({
      probability: '1.0',
      isClosed: 'true',
    });
    const schemas = await client.crm.schemas.coreApi.getAll();
    expect(schemas.results[0]).toMatchObject({ name: 'vehicles', primaryDisplayProperty: 'vin' });
    const [schema] = schemas.results;
    const vehicle = await client.crm.objects.basicApi.create(schema?.objectTypeId ?? '', {
      properties: { vin: 'V1' },
      associations: [],
    });
    const byName = await client.crm.objects.basicApi.getById('vehicles', vehicle.id, ['vin']);
    expect(byName.properties['vin']).toBe('V1');
    const byFullName = schema?.fullyQualifiedName ?? '';
    const page = await client.crm.objects.basicApi.getPage(byFullName, 10);
    expect(page.results).toHaveLength(1);
  });

  test('associates records through v4', async () => {
    const { harness, client } = await openClient();
    await using _ = harness;
    harness.sandbox.load('contacts', [{ id: 1 }, { id: 2 }]);
    harness.sandbox.load('companies', [{ id: 9 }]);
    const { batchApi } = client.crm.associations.v4;
    await batchApi.create('contacts', 'companies', {
      inputs: [
        {
          _from: { id: '1' },
          to: { id: '9' },
          types: [
            {
              associationCategory: AssociationSpecAssociationCategoryEnum.HubspotDefined,
              associationTypeId: 1,
            },
          ],
        },
      ],
    });
    const read = await batchApi.getPage('contacts', 'companies', {
      inputs: [{ id: '1' }, { id: '2' }],
    });
    expect(read.results).toHaveLength(1);
    expect(String(read.results[0]?.to[0]?.toObjectId)).toBe('9');
    const labels = read.results[0]?.to[0]?.associationTypes.map(({ label }) => label);
    expect(new Set(labels)).toEqual(new Set([null, 'Primary']));
    await batchApi.archive('contacts', 'companies', {
      inputs: [{ _from: { id: '1' }, to: [{ id: '9' }] }],
    });
    expect(harness.sandbox.count('associations')).toBe(0);
  });
});
