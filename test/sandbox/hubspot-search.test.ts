import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { idsOf, type Json, nextOf, openHarness, startMs } from './hubspot-harness.ts';

const path = '/crm/v3/objects/contacts/search';
const since = (value: number | string) => [
  { filters: [{ propertyName: 'lastmodifieddate', operator: 'GTE', value: String(value) }] },
];

describe('searching', () => {
  test('refuses to go beyond its cap, and answers up to it', async () => {
    await using harness = await openHarness({ searchCap: 50 });
    const { sandbox, call } = harness;
    sandbox.load(
      'contacts',
      Array.from({ length: 60 }, () => ({})),
    );
    const last = await call('POST', path, { limit: 20, after: 30 });
    expect(last.results).toHaveLength(20);
    expect(last.body['total']).toBe(60);
    expect(nextOf(last.body)).toBe('50');
    const beyond = await call('POST', path, { limit: 20, after: '50' });
    expect(beyond).toMatchObject({ status: 400, body: { category: 'VALIDATION_ERROR' } });
  });

  test('reaches every row through windows on the stamp, equal stamps included', async () => {
    await using harness = await openHarness({ searchCap: 20 });
    const { sandbox, call } = harness;
    const stamps = Array.from({ length: 90 }, (_row, index) => startMs + Math.floor(index / 30));
    sandbox.load(
      'contacts',
      stamps.map((updatedAt) => ({ updatedAt })),
    );
    const seen = new Set<string>();
    for (const at of new Set(stamps)) {
      let lastId = 0;
      for (let window = 0; window < 10; window += 1) {
        const answer = await call('POST', path, {
          filterGroups: [
            {
              filters: [
                { propertyName: 'lastmodifieddate', operator: 'EQ', value: String(at) },
                { propertyName: 'hs_object_id', operator: 'GT', value: String(lastId) },
              ],
            },
          ],
          sorts: [{ propertyName: 'hs_object_id', direction: 'ASCENDING' }],
          limit: 20,
        });
        for (const id of idsOf(answer.results)) seen.add(id);
        lastId = Number(idsOf(answer.results).at(-1) ?? 0);
        if (answer.results.length < 20) break;
      }
    }
    expect(seen.size).toBe(90);
  });

  test('sees a write only when the index has caught up, and then in its latest state', async () => {
    await using harness = await openHarness({ searchLagMs: 5_000 });
    const { sandbox, call, clock } = harness;
    sandbox.load('contacts', [
      { id: 1, city: 'Ulm', updatedAt: startMs - 1_000 },
      { id: 2, city: 'Bonn', updatedAt: startMs - 1_000 },
    ]);
    const cities = async (): Promise<unknown[]> => {
      const answer = await call('POST', path, { properties: ['city'] });
      expect(answer.body['total']).toBe(answer.results.length);
      return answer.results.map((result) => (result['properties'] as Json)['city']);
    };
    expect(await cities()).toEqual(['Ulm', 'Bonn']);
    await call('PATCH', '/crm/v3/objects/contacts/1', { properties: { city: 'Kiel' } });
    sandbox.person.archive('contacts', '2');
    clock.advance(3_000);
    await call('PATCH', '/crm/v3/objects/contacts/1', { properties: { city: 'Köln' } });
    const created = sandbox.person.create('contacts', { city: 'Trier' });
    expect(await cities()).toEqual(['Ulm', 'Bonn']);
    const listed = await call('GET', '/crm/v3/objects/contacts?properties=city');
    expect(idsOf(listed.results)).toEqual(['1', created]);
    clock.advance(2_000);
    expect(await cities()).toEqual(['Kiel']);
    const recent = await call('POST', path, { filterGroups: since(startMs) });
    expect(idsOf(recent.results)).toEqual(['1']);
    clock.advance(3_000);
    expect(await cities()).toEqual(['Köln', 'Trier']);
  });

  test('never finds archived rows', async () => {
    await using harness = await openHarness();
    const { sandbox, call } = harness;
    sandbox.load('contacts', [{ id: 1, email: 'a@x.io', archived: true }, { id: 2 }]);
    expect(idsOf((await call('POST', path, {})).results)).toEqual(['2']);
    const filters = [{ propertyName: 'email', operator: 'EQ', value: 'a@x.io' }];
    expect((await call('POST', path, { filterGroups: [{ filters }] })).body['total']).toBe(0);
  });

  const oneFilter = { propertyName: 'email', operator: 'HAS_PROPERTY' };
  const group = (count: number) => ({ filters: Array.from({ length: count }, () => oneFilter) });
  const refused: readonly [string, Json][] = [
    ['more than five groups', { filterGroups: Array.from({ length: 6 }, () => group(1)) }],
    ['more than six filters in a group', { filterGroups: [group(7)] }],
    ['more than eighteen filters', { filterGroups: Array.from({ length: 4 }, () => group(5)) }],
    ['two sorts', { sorts: ['email', 'createdate'] }],
    ['a page of more than 200', { limit: 201 }],
    ['a body of more than 3,000 characters', { query: 'x'.repeat(3_001) }],
    [
      'the wrong name of the stamp',
      {
        filterGroups: [
          { filters: [{ propertyName: 'hs_lastmodifieddate', operator: 'GTE', value: '0' }] },
        ],
      },
    ],
    ['an unknown operator', { filterGroups: [{ filters: [{ ...oneFilter, operator: 'LIKE' }] }] }],
    [
      'a comparison without a value',
      { filterGroups: [{ filters: [{ ...oneFilter, operator: 'EQ' }] }] },
    ],
    ['a word where a stamp belongs', { filterGroups: since('yesterday') }],
    ['a cursor that is no offset', { after: 'abc' }],
  ];
  test.each(refused)('refuses %s', async (_what, body) => {
    await using harness = await openHarness();
    const answer = await harness.call('POST', path, body);
    expect(answer).toMatchObject({ status: 400, body: { category: 'VALIDATION_ERROR' } });
  });

  test('looks for words in the searchable properties', async () => {
    await using harness = await openHarness();
    harness.sandbox.load('contacts', [
      { id: 1, firstname: 'Ann', lastname: 'Smith' },
      { id: 2, firstname: 'Ann', email: 'ann@x.io' },
      { id: 3, jobtitle: 'ann smith' },
    ]);
    const answer = await harness.call('POST', path, { query: 'ann smi' });
    expect(idsOf(answer.results)).toEqual(['1']);
  });

  test('matches tokens, with wildcards inside them', async () => {
    await using harness = await openHarness();
    harness.sandbox.load('contacts', [
      { id: 1, email: 'ann@acme.com', jobtitle: 'Head of Sales' },
      { id: 2, email: 'bob@acmeville.com', jobtitle: 'Salesman' },
      { id: 3 },
    ]);
    const ids = async (propertyName: string, operator: string, value: string) => {
      const filterGroups = [{ filters: [{ propertyName, operator, value }] }];
      return idsOf((await harness.call('POST', path, { filterGroups })).results);
    };
    expect(await ids('email', 'CONTAINS_TOKEN', '*@acme.com')).toEqual(['1']);
    expect(await ids('email', 'CONTAINS_TOKEN', 'acme*')).toEqual(['1', '2']);
    expect(await ids('jobtitle', 'CONTAINS_TOKEN', 'sales')).toEqual(['1']);
    expect(await ids('jobtitle', 'NOT_CONTAINS_TOKEN', 'sales')).toEqual(['2']);
  });
});

interface Person {
  city: string | null;
  lead: string | null;
  score: number | null;
  born: string | null;
  stamp: number;
}

interface Probe {
  propertyName: string;
  operator: string;
  value?: string;
  highValue?: string;
  values?: string[];
}

const cities = ['ulm', 'Bonn', 'KIEL', 'bonn am rhein'];
const leads = ['NEW', 'OPEN', 'CONNECTED'];
const days = ['2020-01-01', '2020-06-15', '2021-12-31'];
const orNull = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null });

const person: fc.Arbitrary<Person> = fc.record({
  city: orNull(fc.constantFrom(...cities)),
  lead: orNull(fc.constantFrom(...leads)),
  score: orNull(fc.integer({ min: -3, max: 12 })),
  born: orNull(fc.constantFrom(...days)),
  stamp: fc.integer({ min: 0, max: 5 }),
});

const value: Record<string, fc.Arbitrary<string>> = {
  city: fc.constantFrom(...cities, 'Ulm', 'nowhere'),
  hs_lead_status: fc.constantFrom(...leads, 'new'),
  score: fc.integer({ min: -3, max: 12 }).map(String),
  born: fc.constantFrom(...days),
  lastmodifieddate: fc.integer({ min: 0, max: 5 }).map((stamp) => String(startMs + stamp)),
};
const ranges = ['LT', 'LTE', 'GT', 'GTE', 'BETWEEN'];
const others = ['EQ', 'NEQ', 'IN', 'NOT_IN', 'HAS_PROPERTY', 'NOT_HAS_PROPERTY'];

const probe: fc.Arbitrary<Probe> = fc.constantFrom(...Object.keys(value)).chain((propertyName) => {
  const one = value[propertyName] ?? fc.constant('');
  return fc.record({
    propertyName: fc.constant(propertyName),
    operator: fc.constantFrom(...ranges, ...others),
    value: one,
    highValue: one,
    values: fc.array(one, { minLength: 1, maxLength: 3 }),
  });
});

/** The same filter in JavaScript, written from the documented rules. */
function matches(row: Person, filter: Probe): boolean {
  const isNumber = ['score', 'lastmodifieddate'].includes(filter.propertyName);
  const isText = filter.propertyName === 'city';
  const held = {
    city: row.city,
    hs_lead_status: row.lead,
    score: row.score,
    born: row.born,
    lastmodifieddate: startMs + row.stamp,
  }[filter.propertyName];
  if (filter.operator === 'HAS_PROPERTY') return held !== null;
  if (filter.operator === 'NOT_HAS_PROPERTY') return held === null;
  if (held === null || held === undefined) return false;
  const own = isText ? String(held).toLowerCase() : held;
  const read = (raw = ''): string | number =>
    isNumber ? Number(raw) : isText ? raw.toLowerCase() : raw;
  const low = read(filter.value);
  // IN compares with its values as they are: they must come in lower case.
  const isIn = (filter.values ?? []).some((one) => (isNumber ? Number(one) : one) === own);
  switch (filter.operator) {
    case 'EQ':
      return own === low;
    case 'NEQ':
      return own !== low;
    case 'LT':
      return own < low;
    case 'LTE':
      return own <= low;
    case 'GT':
      return own > low;
    case 'GTE':
      return own >= low;
    case 'BETWEEN':
      return own >= low && own <= read(filter.highValue);
    case 'IN':
      return isIn;
    default:
      return !isIn;
  }
}

test('any search finds exactly the rows its filters describe, in the order asked for', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(person, { maxLength: 25 }),
      fc.array(fc.array(probe, { minLength: 1, maxLength: 3 }), { maxLength: 3 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 7 }),
      async (people, groups, isDescending, limit) => {
        await using harness = await openHarness();
        const { sandbox, call } = harness;
        sandbox.define({
          objects: {
            contacts: {
              properties: [
                { name: 'score', type: 'number' },
                { name: 'born', type: 'date' },
              ],
            },
          },
        });
        sandbox.load(
          'contacts',
          people.map(({ city, lead, score, born, stamp }, index) => ({
            ...{ id: index + 1, city, hs_lead_status: lead, score, born },
            lastmodifieddate: startMs + stamp,
          })),
        );
        const direction = isDescending ? 'DESCENDING' : 'ASCENDING';
        const found: number[] = [];
        let after: string | undefined = '0';
        while (after !== undefined) {
          const answer: Awaited<ReturnType<typeof call>> = await call('POST', path, {
            filterGroups: groups.map((filters) => ({ filters })),
            sorts: [{ propertyName: 'lastmodifieddate', direction }],
            limit,
            after,
          });
          expect(answer.status).toBe(200);
          found.push(...idsOf(answer.results).map(Number));
          after = nextOf(answer.body);
        }
        const sign = isDescending ? -1 : 1;
        const expected = people
          .map((row, index) => ({ row, id: index + 1 }))
          .filter(
            ({ row }) =>
              groups.length === 0 ||
              groups.some((filters) => filters.every((filter) => matches(row, filter))),
          )
          .sort((left, right) => sign * (left.row.stamp - right.row.stamp) || left.id - right.id);
        expect(found).toEqual(expected.map(({ id }) => id));
      },
    ),
    { numRuns: 120 },
  );
});
