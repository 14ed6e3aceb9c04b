import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Harness, type Json, nextOf, openHarness } from './hubspot-harness.ts';

const base = '/crm/v4/associations/contacts/companies';

function loadEnds(harness: Harness, contacts: number, companies: number): void {
  const ids = (count: number, from: number) =>
    Array.from({ length: count }, (_row, index) => ({ id: from + index }));
  harness.sandbox.load('contacts', ids(contacts, 1));
  harness.sandbox.load('companies', ids(companies, 1_001));
}

function link(fromId: string, toId: string, ...typeIds: number[]) {
  const types = typeIds.map((associationTypeId) => ({
    associationCategory: 'HUBSPOT_DEFINED',
    associationTypeId,
  }));
  return { from: { id: fromId }, to: { id: toId }, types };
}

describe('associations', () => {
  test('are seen from both ends, with their labels', async () => {
    await using harness = await openHarness();
    loadEnds(harness, 2, 1);
    const inputs = [link('1', '1001', 1), link('2', '1001', 279)];
    const created = await harness.call('POST', `${base}/batch/create`, { inputs });
    expect(created).toMatchObject({
      status: 201,
      results: [{ fromObjectId: '1', toObjectId: '1001', labels: ['Primary'] }, { labels: [] }],
    });
    const path = '/crm/v4/objects/companies/1001/associations/contacts';
    const read = await harness.call('GET', path);
    expect(read.results).toEqual([
      {
        toObjectId: 1,
        associationTypes: [
          { category: 'HUBSPOT_DEFINED', typeId: 280, label: null },
          { category: 'HUBSPOT_DEFINED', typeId: 2, label: 'Primary' },
        ],
      },
      {
        toObjectId: 2,
        associationTypes: [{ category: 'HUBSPOT_DEFINED', typeId: 280, label: null }],
      },
    ]);
  });

  test('a record without any is reported beside the others, in a 207', async () => {
    await using harness = await openHarness();
    loadEnds(harness, 2, 1);
    const { sandbox, call } = harness;
    sandbox.associate([{ from_type: 'contacts', from_id: 1, to_type: 'companies', to_id: 1001 }]);
    const inputs = [{ id: '1' }, { id: '2' }];
    const read = await call('POST', `${base}/batch/read`, { inputs });
    expect(read.status).toBe(207);
    expect(read.results).toMatchObject([{ from: { id: '1' }, to: [{ toObjectId: 1001 }] }]);
    expect(read.body['errors']).toMatchObject([
      {
        category: 'OBJECT_NOT_FOUND',
        subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND',
        message: 'No company is associated with contact 2.',
        context: { fromObjectId: ['2'] },
      },
    ]);
  });

  test('are cut on a list and paged by v4 until all are read', async () => {
    await using harness = await openHarness();
    loadEnds(harness, 1, 1_100);
    const { sandbox, call } = harness;
    sandbox.associate(
      Array.from({ length: 1_100 }, (_row, index) => ({
        from_type: 'contacts',
        from_id: 1,
        to_type: 'companies',
        to_id: 1_001 + index,
      })),
    );
    const listed = await call('GET', '/crm/v3/objects/contacts?associations=companies');
    const shown = listed.results[0]?.['associations'] as Record<string, Json> | undefined;
    const inline = shown?.['companies'];
    expect(inline?.['results']).toHaveLength(100);
    expect(nextOf(inline ?? {})).toBeDefined();
    const seen = new Set<unknown>();
    let after: string | undefined;
    let calls = 0;
    do {
      const input = after === undefined ? { id: '1' } : { id: '1', after };
      const page = await call('POST', `${base}/batch/read`, { inputs: [input] });
      const [row] = page.results;
      for (const to of (row?.['to'] ?? []) as Json[]) seen.add(to['toObjectId']);
      after = nextOf(row ?? {});
      calls += 1;
    } while (after !== undefined);
    expect([seen.size, calls]).toEqual([1_100, 3]);
  });

  test('hide archived ends and show them again when restored', async () => {
    await using harness = await openHarness();
    loadEnds(harness, 1, 1);
    const { sandbox, call } = harness;
    const ends = { fromType: 'contacts', fromId: '1', toType: 'companies', toId: '1001' };
    sandbox.person.associate(ends);
    const path = '/crm/v4/objects/contacts/1/associations/companies';
    sandbox.person.archive('companies', '1001');
    expect((await call('GET', path)).results).toEqual([]);
    sandbox.person.restore('companies', '1001');
    expect((await call('GET', path)).results).toHaveLength(1);
    sandbox.person.dissociate(ends);
    expect((await call('GET', path)).results).toEqual([]);
  });

  test('one label can go while the relation stays', async () => {
    await using harness = await openHarness();
    loadEnds(harness, 1, 1);
    const { sandbox, call } = harness;
    await call('POST', `${base}/batch/create`, { inputs: [link('1', '1001', 1)] });
    const body = { inputs: [link('1', '1001', 1)] };
    expect((await call('POST', `${base}/batch/labels/archive`, body)).status).toBe(204);
    const left = [...sandbox.rows('associations')].map((row) => row['type_id']);
    expect(left.toSorted()).toEqual([279, 280]);
  });

  test('names ends that do not exist, row by row, and refuses unknown types', async () => {
    await using harness = await openHarness();
    loadEnds(harness, 1, 1);
    const { sandbox, call } = harness;
    const inputs = [link('1', '1001', 279), link('1', '5555', 279)];
    const answer = await call('POST', `${base}/batch/create`, { inputs });
    expect(answer).toMatchObject({
      status: 207,
      body: { numErrors: 1, errors: [{ context: { COMPANY: ['5555'] } }] },
    });
    const wrong = await call('POST', `${base}/batch/create`, { inputs: [link('1', '1001', 3)] });
    expect(wrong.status).toBe(400);
    expect(sandbox.count('associations')).toBe(2);
  });

  test('custom objects are associated by default types of the account', async () => {
    await using harness = await openHarness();
    const { sandbox, call } = harness;
    sandbox.define({ objects: { vehicles: { properties: [{ name: 'vin' }] } } });
    sandbox.load('vehicles', [{ id: 7, vin: 'V' }]);
    loadEnds(harness, 1, 0);
    const put = await call('PUT', '/crm/v4/objects/contacts/1/associations/default/vehicles/7');
    expect(put.status).toBe(200);
    const batch = await call('POST', '/crm/v4/associations/vehicles/contacts/batch/read', {
      inputs: [{ id: '7' }],
    });
    expect(batch.results).toMatchObject([
      { to: [{ toObjectId: 1, associationTypes: [{ category: 'USER_DEFINED', label: null }] }] },
    ]);
    const labels = await call('GET', '/crm/v4/associations/contacts/vehicles/labels');
    expect(labels.results).toMatchObject([{ category: 'USER_DEFINED', label: null }]);
  });

  test('an account adds labels of its own, under both spellings of the path', async () => {
    await using harness = await openHarness();
    loadEnds(harness, 1, 1);
    const { call } = harness;
    const made = await call('POST', '/crm/associations/v4/contacts/companies/labels', {
      label: 'Board member',
      inverseLabel: 'Has on board',
      name: 'board',
    });
    const typeId = Number(made.results[0]?.['typeId']);
    const path = '/crm/v4/objects/contacts/1/associations/companies/1001';
    const body = [{ associationCategory: 'USER_DEFINED', associationTypeId: typeId }];
    expect((await call('PUT', path, body)).status).toBe(201);
    const read = await call('GET', '/crm/v4/objects/companies/1001/associations/contacts');
    const types = read.results[0]?.['associationTypes'] as Json[];
    expect(types.map((type) => type['label'])).toEqual([null, 'Has on board']);
    const removed = await call(
      'DELETE',
      `/crm/v4/associations/contacts/companies/labels/${typeId}`,
    );
    expect(removed.status).toBe(204);
  });
});

test('after any edits and merges every relation is seen the same from both ends', async () => {
  const step = fc.record({
    kind: fc.constantFrom('add', 'primary', 'remove', 'merge', 'merge_to_new_id'),
    contact: fc.integer({ min: 0, max: 5 }),
    other: fc.integer({ min: 0, max: 5 }),
    company: fc.integer({ min: 0, max: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      await using harness = await openHarness();
      loadEnds(harness, 6, 4);
      const { sandbox } = harness;
      const expected = new Map<string, Set<number>>(
        Array.from({ length: 6 }, (_row, index) => [String(index + 1), new Set()]),
      );
      for (const { kind, contact, other, company } of steps) {
        const alive = [...expected.keys()];
        const id = alive[contact % alive.length] ?? '';
        const loser = alive[other % alive.length] ?? '';
        const ends = { fromType: 'contacts', fromId: id, toType: 'companies' };
        const toId = String(1_001 + company);
        if (kind === 'add' || kind === 'primary') {
          sandbox.person.associate({ ...ends, toId, typeId: kind === 'add' ? 279 : 1 });
          expected.get(id)?.add(1_001 + company);
        } else if (kind === 'remove') {
          sandbox.person.dissociate({ ...ends, toId });
          expected.get(id)?.delete(1_001 + company);
        } else if (id !== loser) {
          const mintsNewId = kind === 'merge_to_new_id';
          const survivor = sandbox.person.merge('contacts', id, loser, { mintsNewId });
          const all = new Set([...(expected.get(id) ?? []), ...(expected.get(loser) ?? [])]);
          expected.delete(id);
          expected.delete(loser);
          expected.set(survivor, all);
        }
      }
      const there = new Set<string>();
      const back = new Set<string>();
      for (const row of sandbox.rows('associations')) {
        if (row['from_type'] === 'contacts') there.add(`${row['from_id']}-${row['to_id']}`);
        else back.add(`${row['to_id']}-${row['from_id']}`);
      }
      const wanted = [...expected].flatMap(([id, companies]) =>
        [...companies].map((company) => `${id}-${company}`),
      );
      expect([...there].toSorted()).toEqual(wanted.toSorted());
      expect(back).toEqual(there);
    }),
    { numRuns: 60 },
  );
});
