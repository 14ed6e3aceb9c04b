import { describe, expect, test } from 'vitest';
import { idsOf, nextOf, openHarness, propertiesOf } from './hubspot-harness.ts';

describe('listing records', () => {
  test('pages in id order without gap or repeat, and the last page has no paging key', async () => {
    await using harness = await openHarness();
    const { sandbox, call } = harness;
    sandbox.load(
      'deals',
      Array.from({ length: 25 }, (_row, index) => ({ dealname: `D${index}` })),
    );
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const cursor = after === undefined ? '' : `&after=${after}`;
      const page = await call('GET', `/crm/v3/objects/deals?limit=10${cursor}`);
      seen.push(...idsOf(page.results));
      after = nextOf(page.body);
      if (after === undefined) expect(page.body).not.toHaveProperty('paging');
    } while (after !== undefined);
    expect(seen).toHaveLength(25);
    expect(seen.map(Number)).toEqual(seen.map(Number).toSorted((a, b) => a - b));
    expect(new Set(seen).size).toBe(25);
  });

  test('takes repeated and comma-joined properties, and ignores unknown ones', async () => {
    await using harness = await openHarness();
    harness.sandbox.load('contacts', [{ email: 'a@x.io', phone: '1', city: 'Ulm' }]);
    const path = '/crm/v3/objects/contacts?properties=phone&properties=city%2Cnope,email';
    const [record] = (await harness.call('GET', path)).results;
    const {
      createdate: _created,
      hs_object_id: _id,
      lastmodifieddate: _at,
      ...own
    } = propertiesOf(record);
    expect(own).toEqual({ phone: '1', city: 'Ulm', email: 'a@x.io' });
  });

  test('answers with strings or null, whatever the type of the property', async () => {
    await using harness = await openHarness();
    harness.sandbox.load('companies', [{ numberofemployees: 12, is_public: true }]);
    const path = '/crm/v3/objects/companies?properties=numberofemployees,is_public,name';
    const [record] = (await harness.call('GET', path)).results;
    expect(propertiesOf(record)).toMatchObject({
      numberofemployees: '12',
      is_public: 'true',
      name: null,
    });
  });

  test('names the modified stamp as each object does', async () => {
    await using harness = await openHarness();
    harness.sandbox.load('contacts', [{ email: 'a@x.io' }]);
    harness.sandbox.load('companies', [{ name: 'A' }]);
    const [contact] = (await harness.call('GET', '/crm/v3/objects/contacts')).results;
    const [company] = (await harness.call('GET', '/crm/v3/objects/companies')).results;
    expect(propertiesOf(contact)['lastmodifieddate']).toBe(contact?.['updatedAt']);
    expect(propertiesOf(contact)).not.toHaveProperty('hs_lastmodifieddate');
    expect(propertiesOf(company)['hs_lastmodifieddate']).toBe('2026-03-01T12:00:00.000Z');
  });

  test('keeps archived records apart, with their time of archiving', async () => {
    await using harness = await openHarness();
    const { sandbox, call, clock } = harness;
    sandbox.load('contacts', [{ id: 1 }, { id: 2 }]);
    clock.advance(5_000);
    expect((await call('DELETE', '/crm/v3/objects/contacts/1')).status).toBe(204);
    expect(idsOf((await call('GET', '/crm/v3/objects/contacts')).results)).toEqual(['2']);
    const archived = await call('GET', '/crm/v3/objects/contacts?archived=true');
    expect(archived.results).toMatchObject([
      { id: '1', archived: true, archivedAt: '2026-03-01T12:00:05.000Z' },
    ]);
    sandbox.person.restore('contacts', '1');
    expect(idsOf((await call('GET', '/crm/v3/objects/contacts')).results)).toEqual(['1', '2']);
  });

  test.each(['limit=0', 'limit=101', 'limit=x', 'after=abc'])('refuses %s', async (query) => {
    await using harness = await openHarness();
    const answer = await harness.call('GET', `/crm/v3/objects/contacts?${query}`);
    expect(answer).toMatchObject({ status: 400, body: { category: 'VALIDATION_ERROR' } });
  });

  test('refuses an unknown object and an overlong address', async () => {
    await using harness = await openHarness();
    const unknown = await harness.call('GET', '/crm/v3/objects/unicorns');
    expect(unknown.status).toBe(400);
    expect(unknown.body['message']).toBe('Unable to infer object type from: unicorns');
    const long = `/crm/v3/objects/contacts?properties=${'a,'.repeat(5_000)}`;
    expect((await harness.call('GET', long)).status).toBe(414);
  });

  test('shows what a property was, newest first', async () => {
    await using harness = await openHarness();
    const { sandbox, call, clock } = harness;
    sandbox.load('contacts', [{ id: 1, jobtitle: 'Clerk', city: 'Ulm' }]);
    clock.advance(1_000);
    sandbox.person.update('contacts', '1', { jobtitle: 'Boss' });
    const path = '/crm/v3/objects/contacts/1?propertiesWithHistory=jobtitle,city';
    const history = (await call('GET', path)).body['propertiesWithHistory'];
    expect(history).toMatchObject({
      jobtitle: [
        { value: 'Boss', timestamp: '2026-03-01T12:00:01.000Z', sourceType: 'CRM_UI' },
        { value: 'Clerk', timestamp: '2026-03-01T12:00:00.000Z' },
      ],
      city: [{ value: 'Ulm' }],
    });
  });
});

describe('writing records', () => {
  test('moves the modified stamp to the clock, to the millisecond', async () => {
    await using harness = await openHarness();
    const { sandbox, call, clock } = harness;
    sandbox.load('deals', [{ id: 5, dealname: 'A' }]);
    clock.advance(1_234);
    const body = { properties: { dealname: 'B' } };
    const updated = await call('PATCH', '/crm/v3/objects/deals/5', body);
    expect(updated).toMatchObject({
      status: 200,
      body: { updatedAt: '2026-03-01T12:00:01.234Z', createdAt: '2026-03-01T12:00:00.000Z' },
    });
  });

  test('stores addresses in lower case and clears a property with an empty string', async () => {
    await using harness = await openHarness();
    const { call } = harness;
    const properties = { email: 'Ann@Example.COM', city: 'Ulm' };
    const created = await call('POST', '/crm/v3/objects/contacts', { properties });
    expect(created.status).toBe(201);
    expect(propertiesOf(created.body)).toMatchObject({
      email: 'ann@example.com',
      hs_email_domain: 'example.com',
    });
    const path = '/crm/v3/objects/contacts/ANN%40example.com?idProperty=email';
    const cleared = await call('PATCH', path, { properties: { city: '' } });
    expect(propertiesOf(cleared.body)['city']).toBeNull();
  });

  const faults: readonly [string, string, Record<string, unknown>][] = [
    ['contacts', 'PROPERTY_DOESNT_EXIST', { emial: 'a@x.io' }],
    ['contacts', 'READ_ONLY_VALUE', { createdate: '2020-01-01' }],
    ['contacts', 'READ_ONLY_VALUE', { hs_object_id: '1' }],
    ['contacts', 'INVALID_EMAIL', { email: 'not an address' }],
    ['contacts', 'INVALID_OPTION', { lifecyclestage: 'Lead' }],
    ['contacts', 'VALUE_TOO_LONG', { firstname: 'x'.repeat(65_537) }],
    ['companies', 'INVALID_INTEGER', { numberofemployees: 'many' }],
    ['companies', 'INVALID_INTEGER', { numberofemployees: ' 5' }],
    ['companies', 'INVALID_OPTION', { is_public: 'yes' }],
    ['deals', 'INVALID_LONG', { closedate: 'tomorrow' }],
    ['deals', 'INVALID_OPTION', { dealstage: 'Closed Won' }],
  ];
  test.each(faults)('refuses on %s with %s', async (type, code, properties) => {
    await using harness = await openHarness();
    const answer = await harness.call('POST', `/crm/v3/objects/${type}`, { properties });
    expect(answer).toMatchObject({
      status: 400,
      body: { status: 'error', category: 'VALIDATION_ERROR', errors: [{ code }] },
    });
    const message = String(answer.body['message']);
    expect(message).toMatch(/^Property values were not valid: \[/);
    const embedded = JSON.parse(message.slice(message.indexOf('['))) as unknown[];
    const [name] = Object.keys(properties);
    expect(embedded).toMatchObject([{ isValid: false, error: code, name }]);
    expect(harness.sandbox.count(type)).toBe(0);
  });

  test('takes dates only at midnight UTC, and gives them back as dates', async () => {
    await using harness = await openHarness();
    const { sandbox, call } = harness;
    sandbox.define({ objects: { deals: { properties: [{ name: 'due', type: 'date' }] } } });
    const post = (due: string) => call('POST', '/crm/v3/objects/deals', { properties: { due } });
    expect(propertiesOf((await post('2026-02-28')).body)['due']).toBe('2026-02-28');
    expect(propertiesOf((await post('1772236800000')).body)['due']).toBe('2026-02-28');
    expect((await post('1772236800001')).body['errors']).toMatchObject([{ code: 'INVALID_DATE' }]);
    expect((await post('2026-02-30')).status).toBe(400);
  });

  test('takes only known values in a multiple choice', async () => {
    await using harness = await openHarness();
    const post = (hs_ticket_category: string) =>
      harness.call('POST', '/crm/v3/objects/tickets', { properties: { hs_ticket_category } });
    const good = await post('BILLING_ISSUE;FEATURE_REQUEST');
    expect(propertiesOf(good.body)['hs_ticket_category']).toBe('BILLING_ISSUE;FEATURE_REQUEST');
    expect((await post('BILLING_ISSUE;COFFEE')).status).toBe(400);
  });

  test('answers 409 with the existing id for a second contact with an address', async () => {
    await using harness = await openHarness();
    const { sandbox, call } = harness;
    sandbox.load('contacts', [{ id: 512, email: 'a@x.io' }, { id: 513 }]);
    const properties = { email: 'A@x.io' };
    const created = await call('POST', '/crm/v3/objects/contacts', { properties });
    expect(created).toMatchObject({
      status: 409,
      body: { category: 'CONFLICT', message: 'Contact already exists. Existing ID: 512' },
    });
    const moved = await call('PATCH', '/crm/v3/objects/contacts/513', { properties });
    expect(moved.status).toBe(409);
    await call('DELETE', '/crm/v3/objects/contacts/512');
    const again = await call('PATCH', '/crm/v3/objects/contacts/513', { properties });
    expect(again.status).toBe(200);
    expect(() => sandbox.person.restore('contacts', '512')).toThrow('Existing ID: 513');
  });

  test('asks a custom object for its required properties and keeps unique ones unique', async () => {
    await using harness = await openHarness();
    const { sandbox, call } = harness;
    sandbox.define({
      objects: {
        vehicles: {
          primaryDisplayProperty: 'vin',
          requiredProperties: ['vin'],
          properties: [{ name: 'vin', hasUniqueValue: true }, { name: 'color' }],
        },
      },
    });
    const path = '/crm/v3/objects/vehicles';
    const missing = await call('POST', path, { properties: { color: 'red' } });
    expect(missing).toMatchObject({ status: 400, body: { context: { properties: ['vin'] } } });
    expect((await call('POST', path, { properties: { vin: 'V1' } })).status).toBe(201);
    const twice = await call('POST', path, { properties: { vin: 'V1' } });
    expect(twice.body).toMatchObject({ errors: [{ code: 'CONFLICTING_UNIQUE_VALUE' }] });
    const found = await call('GET', `${path}/V1?idProperty=vin&properties=vin`);
    expect(found.status).toBe(200);
    expect((await call('GET', `${path}/red?idProperty=color`)).status).toBe(400);
  });

  test('calculates what follows from a deal stage', async () => {
    await using harness = await openHarness();
    const properties = { dealname: 'A', pipeline: 'default', dealstage: 'closedwon' };
    const created = await harness.call('POST', '/crm/v3/objects/deals', { properties });
    expect(propertiesOf(created.body)).toMatchObject({
      hs_is_closed: 'true',
      hs_is_closed_won: 'true',
      hs_deal_stage_probability: '1.0',
    });
  });

  test('removes every trace on a GDPR delete', async () => {
    await using harness = await openHarness();
    const { sandbox, call } = harness;
    sandbox.load('contacts', [{ id: 1, email: 'a@x.io' }]);
    const body = { objectId: 'a@x.io', idProperty: 'email' };
    const answer = await call('POST', '/crm/v3/objects/contacts/gdpr-delete', body);
    expect(answer.status).toBe(204);
    expect([...sandbox.rows('contacts')]).toEqual([]);
  });
});

describe('merging records', () => {
  test.each([false, true])('the loser answers as the survivor (new id: %s)', async (mints) => {
    await using harness = await openHarness({ mergeMintsNewId: mints });
    const { sandbox, call, clock } = harness;
    sandbox.load('contacts', [
      { id: 1, email: 'a@x.io', firstname: 'Ann' },
      { id: 2, email: 'b@x.io', firstname: 'Anna', city: 'Ulm' },
    ]);
    sandbox.load('companies', [{ id: 9 }]);
    const ends = { fromType: 'contacts', fromId: '2', toType: 'companies', toId: '9' };
    sandbox.person.associate({ ...ends, typeId: 1 });
    clock.advance(1_000);
    const merged = await call('POST', '/crm/v3/objects/contacts/merge', {
      primaryObjectId: '1',
      objectIdToMerge: '2',
    });
    expect(merged).toMatchObject({
      status: 200,
      body: { updatedAt: '2026-03-01T12:00:01.000Z' },
    });
    const survivor = String(merged.body['id']);
    expect(survivor === '1').toBe(!mints);
    expect(propertiesOf(merged.body)).toMatchObject({
      firstname: 'Ann',
      city: 'Ulm',
      hs_merged_object_ids: mints ? '2;1' : '2',
      hs_additional_emails: 'b@x.io',
    });
    for (const id of ['1', '2', 'b%40x.io?idProperty=email']) {
      const read = await call('GET', `/crm/v3/objects/contacts/${id}`);
      expect(read.body['id']).toBe(survivor);
    }
    expect((await call('GET', '/crm/v3/objects/contacts?archived=true')).results).toEqual([]);
    expect(idsOf((await call('GET', '/crm/v3/objects/contacts')).results)).toEqual([survivor]);
    const path = `/crm/v4/objects/companies/9/associations/contacts`;
    const [relation] = (await call('GET', path)).results;
    expect(String(relation?.['toObjectId'])).toBe(survivor);
    expect(sandbox.count('associations')).toBe(4);
  });
});
