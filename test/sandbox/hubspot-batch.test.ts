import { describe, expect, test } from 'vitest';
import { idsOf, type Json, openHarness, propertiesOf } from './hubspot-harness.ts';

const base = '/crm/v3/objects/contacts/batch';

function errorsOf(body: Json): Json[] {
  return (body['errors'] ?? []) as Json[];
}

describe('batches of records', () => {
  test('one bad row refuses the whole batch and writes nothing', async () => {
    await using harness = await openHarness();
    const { sandbox, call } = harness;
    const inputs = [
      { properties: { email: 'a@x.io' } },
      { properties: { email: 'b@x.io', nope: '1' } },
    ];
    const answer = await call('POST', `${base}/create`, { inputs });
    expect(answer).toMatchObject({ status: 400, body: { category: 'VALIDATION_ERROR' } });
    expect(answer.body['message']).toContain('PROPERTY_DOESNT_EXIST');
    expect(sandbox.count('contacts')).toBe(0);
  });

  test('a duplicate in the batch refuses it whole with 409', async () => {
    await using harness = await openHarness();
    const { sandbox, call } = harness;
    sandbox.load('contacts', [{ id: 512, email: 'b@x.io' }]);
    const inputs = [{ properties: { email: 'a@x.io' } }, { properties: { email: 'b@x.io' } }];
    const answer = await call('POST', `${base}/create`, { inputs });
    expect(answer).toMatchObject({ status: 409, body: { category: 'CONFLICT' } });
    expect(sandbox.count('contacts')).toBe(1);
    const twins = [{ properties: { email: 'c@x.io' } }, { properties: { email: 'C@x.io' } }];
    expect((await call('POST', `${base}/create`, { inputs: twins })).status).toBe(409);
    expect(sandbox.count('contacts')).toBe(1);
  });

  test('with a trace id on every input the good rows are written and the bad ones named', async () => {
    await using harness = await openHarness();
    const { sandbox, call } = harness;
    sandbox.load('contacts', [{ id: 512, email: 'b@x.io' }]);
    const inputs = ['a@x.io', 'b@x.io', 'not an address', 'd@x.io'].map((email, index) => ({
      objectWriteTraceId: `t${index}`,
      properties: { email },
    }));
    const answer = await call('POST', `${base}/create`, { inputs });
    expect(answer).toMatchObject({ status: 207, body: { status: 'COMPLETE', numErrors: 2 } });
    const traces = answer.results.map((result) => result['objectWriteTraceId']);
    expect(traces).toEqual(['t0', 't3']);
    expect(errorsOf(answer.body)).toMatchObject([
      { category: 'CONFLICT', context: { objectWriteTraceId: ['t1'] } },
      { category: 'VALIDATION_ERROR', context: { objectWriteTraceId: ['t2'] } },
    ]);
    expect(sandbox.count('contacts')).toBe(3);
  });

  test('trace ids that repeat or are missing on one input do not help', async () => {
    await using harness = await openHarness();
    const { sandbox, call } = harness;
    const good = { properties: { email: 'a@x.io' }, objectWriteTraceId: 't' };
    const bad = { properties: { email: 'nonsense' } };
    for (const inputs of [
      [good, bad],
      [good, { ...bad, objectWriteTraceId: 't' }],
    ]) {
      expect((await call('POST', `${base}/create`, { inputs })).status).toBe(400);
    }
    expect(sandbox.count('contacts')).toBe(0);
  });

  test('a refused update leaves earlier rows of its batch as they were', async () => {
    await using harness = await openHarness();
    const { sandbox, call, clock } = harness;
    sandbox.load('contacts', [{ id: 1, city: 'Ulm' }, { id: 2 }]);
    clock.advance(1_000);
    const inputs = [
      { id: '1', properties: { city: 'Bonn' } },
      { id: '2', properties: { lifecyclestage: 'nonsense' } },
    ];
    const answer = await call('POST', `${base}/update`, { inputs });
    expect(answer).toMatchObject({ status: 400, body: { category: 'VALIDATION_ERROR' } });
    const read = await call('GET', '/crm/v3/objects/contacts/1?properties=city');
    expect(propertiesOf(read.body)['city']).toBe('Ulm');
    expect(read.body['updatedAt']).toBe('2026-03-01T12:00:00.000Z');
  });

  test.each([undefined, 't1'])('an update names missing records (trace id %s)', async (trace) => {
    await using harness = await openHarness();
    const { sandbox, call } = harness;
    sandbox.load('contacts', [{ id: 1 }, { id: 2, archived: true }]);
    const traced = trace === undefined ? {} : { objectWriteTraceId: trace };
    const inputs = [
      { id: '2', properties: { city: 'Bonn' }, ...traced },
      { id: '1', properties: { city: 'Bonn' }, objectWriteTraceId: 't2' },
    ];
    const answer = await call('POST', `${base}/update`, { inputs });
    expect(answer).toMatchObject({ status: 207, results: [{ id: '1' }], body: { numErrors: 1 } });
    expect(errorsOf(answer.body)).toEqual([
      {
        status: 'error',
        category: 'OBJECT_NOT_FOUND',
        message:
          'Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid.',
        context: { ids: ['2'], ...(trace === undefined ? {} : { objectWriteTraceId: [trace] }) },
      },
    ]);
  });

  test('reads by id or unique property, in an order of its own, and names the missing', async () => {
    await using harness = await openHarness();
    const { sandbox, call } = harness;
    sandbox.load('contacts', [
      { id: 1, email: 'a@x.io' },
      { id: 2, email: 'b@x.io' },
    ]);
    const inputs = [{ id: '2' }, { id: '1' }, { id: '3' }];
    const byId = await call('POST', `${base}/read`, { inputs, properties: ['email'] });
    expect(byId.status).toBe(207);
    expect(idsOf(byId.results)).toEqual(['1', '2']);
    expect(errorsOf(byId.body)).toMatchObject([
      { category: 'OBJECT_NOT_FOUND', context: { ids: ['3'] } },
    ]);
    const byEmail = await call('POST', `${base}/read`, {
      idProperty: 'email',
      inputs: [{ id: 'B@x.io' }],
      properties: [],
    });
    expect(byEmail).toMatchObject({ status: 200, results: [{ id: '2' }] });
    expect(byEmail.body).not.toHaveProperty('errors');
  });

  test('upserts by a unique property and says which are new', async () => {
    await using harness = await openHarness();
    const { sandbox, call } = harness;
    sandbox.load('contacts', [{ id: 1, email: 'a@x.io', city: 'Ulm' }]);
    const inputs = ['a@x.io', 'b@x.io'].map((id) => ({
      id,
      idProperty: 'email',
      properties: { city: 'Bonn' },
      objectWriteTraceId: id,
    }));
    const answer = await call('POST', `${base}/upsert`, { inputs });
    expect(answer.results).toMatchObject([
      { id: '1', new: false, objectWriteTraceId: 'a@x.io' },
      { new: true, properties: { email: 'b@x.io', city: 'Bonn' } },
    ]);
    const again = await call('POST', `${base}/upsert`, { inputs });
    expect(again.results).toMatchObject([{ new: false }, { new: false }]);
    expect(sandbox.count('contacts')).toBe(2);
  });

  test('refuses one record twice, and more than 100 inputs', async () => {
    await using harness = await openHarness();
    const { sandbox, call } = harness;
    sandbox.load('contacts', [{ id: 1 }]);
    const twice = { id: '1', properties: { city: 'Ulm' } };
    const answer = await call('POST', `${base}/update`, { inputs: [twice, twice] });
    expect(answer.status).toBe(400);
    const inputs = Array.from({ length: 101 }, () => ({ properties: {} }));
    expect((await call('POST', `${base}/create`, { inputs })).status).toBe(400);
    expect(sandbox.count('contacts')).toBe(1);
  });

  test('creates with associations, or not at all when the other end does not exist', async () => {
    await using harness = await openHarness();
    const { sandbox, call } = harness;
    sandbox.load('companies', [{ id: 9 }]);
    const input = (id: string) => ({
      properties: { firstname: 'Ann' },
      associations: [
        {
          to: { id },
          types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 279 }],
        },
      ],
    });
    const refused = await call('POST', `${base}/create`, { inputs: [input('9'), input('10')] });
    expect(refused.status).toBe(400);
    expect(sandbox.count('contacts')).toBe(0);
    const created = await call('POST', `${base}/create`, { inputs: [input('9')] });
    expect(created.status).toBe(201);
    expect([...sandbox.rows('associations')]).toMatchObject([
      { from_type: 'contacts', to_type: 'companies', to_id: '9', type_id: 279 },
      { from_type: 'companies', from_id: '9', to_type: 'contacts', type_id: 280 },
    ]);
  });

  test('archives what exists and passes over what does not', async () => {
    await using harness = await openHarness();
    const { sandbox, call } = harness;
    sandbox.load('contacts', [{ id: 1 }, { id: 2 }]);
    const inputs = [{ id: '1' }, { id: '77' }];
    expect((await call('POST', `${base}/archive`, { inputs })).status).toBe(204);
    expect(sandbox.count('contacts')).toBe(1);
  });
});
