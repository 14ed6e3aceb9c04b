import { expect, test } from 'vitest';
import { BudgetExhausted } from '../../engine/words/errors.ts';
import type { Stream } from '../../engine/words/stream.ts';
import { findStream } from '../conformance/extractor.ts';
import { createLanding, type Landing } from '../conformance/landing.ts';
import { type HubSpotBench, minuteMs, openBench, readInto } from './bench.ts';

const signal = new AbortController().signal;

async function landNew(bench: HubSpotBench, name: string) {
  const stream = await findStream(bench.extractor, name);
  const landing = createLanding(stream);
  await readInto(bench, stream, landing);
  return { stream, landing };
}

function rowsOf(landing: Landing) {
  return [...landing.live().values()];
}

test('owners come whole each time, archived ones marked', async () => {
  await using bench = await openBench();
  const { sandbox } = bench;
  const owners = Array.from({ length: 130 }, (_, index) => ({
    id: String(index + 1),
    email: `owner${index}@example.com`,
    archived: index === 7,
  }));
  sandbox.define({ owners });
  const { stream, landing } = await landNew(bench, 'owners');
  expect(landing.live().size).toBe(129);
  expect(landing.live().get('1')).toMatchObject({ email: 'owner0@example.com', type: 'PERSON' });
  const request = { stream, settings: {}, cursor: landing.cursor, boundaryMs: bench.clock.now() };
  expect(bench.extractor.estimate(request)).toMatchObject({ isRoutine: true, calls: 2 });
});

test('stages of all pipelines come as one row each', async () => {
  await using bench = await openBench();
  const { landing } = await landNew(bench, 'pipeline_stages');
  expect(landing.live().size).toBe(11);
  expect(landing.live().get('deals|default|closedwon')).toEqual({
    object_type: 'deals',
    pipeline_id: 'default',
    pipeline_label: 'Sales Pipeline',
    stage_id: 'closedwon',
    label: 'Closed Won',
    display_order: 5,
    probability: 1,
    is_closed: true,
    archived: false,
  });
  expect(landing.live().get('tickets|0|4')).toMatchObject({ is_closed: true, probability: null });
});

test('stages of one object are read when the app may not see the other', async () => {
  await using bench = await openBench();
  const stream = await findStream(bench.extractor, 'pipeline_stages');
  const landing = createLanding(stream);
  await readInto(bench, stream, landing);
  bench.sandbox.revokeScope('crm.objects.tickets.read');
  await readInto(bench, stream, landing);
  expect(landing.live().size).toBe(11);
});

async function associated(bench: HubSpotBench, count: number): Promise<Stream> {
  const { sandbox } = bench;
  const ids = Array.from({ length: count }, (_, index) => String(1000 + index));
  sandbox.load(
    'deals',
    ids.map((id) => ({ id, dealname: `Deal ${id}`, pipeline: 'default', dealstage: 'closedwon' })),
  );
  sandbox.load('companies', [
    { id: '1', name: 'Acme' },
    { id: '2', name: 'Beta' },
  ]);
  sandbox.associate(
    ids.map((id) => ({ from_type: 'deals', from_id: id, to_type: 'companies', to_id: '1' })),
  );
  return findStream(bench.extractor, 'associations_deals_companies');
}

test('associations are read whole, then those of changed records, in one call when idle', async () => {
  await using bench = await openBench();
  const { sandbox } = bench;
  const stream = await associated(bench, 1250);
  const landing = createLanding(stream);
  const before = bench.calls();
  await readInto(bench, stream, landing);
  expect(landing.live().size).toBe(1250);
  expect(bench.calls() - before).toBe(13 + 2);
  expect(rowsOf(landing)[0]).toEqual({
    from_id: '1000',
    to_id: '1',
    type_id: 341,
    category: 'HUBSPOT_DEFINED',
    label: null,
  });
  bench.advance(10 * minuteMs);
  sandbox.person.associate({ fromType: 'deals', fromId: '1001', toType: 'companies', toId: '2' });
  sandbox.person.update('deals', '1001', { dealname: 'Renamed' });
  await readInto(bench, stream, landing);
  expect(landing.live().size).toBe(1251);
  for (const waitMs of [0, minuteMs, 60 * minuteMs]) {
    bench.advance(waitMs);
    const idle = bench.calls();
    await readInto(bench, stream, landing);
    expect(bench.calls() - idle).toBe(1);
  }
});

test('an object and its associations look for changes once a run, and again in the next', async () => {
  await using bench = await openBench();
  const { sandbox } = bench;
  const streams = [
    await findStream(bench.extractor, 'deals'),
    await associated(bench, 3),
    await findStream(bench.extractor, 'associations_deals_contacts'),
  ];
  const landings = streams.map(createLanding);
  const readAll = async () => {
    for (const [index, stream] of streams.entries()) {
      await readInto(bench, stream, landings[index] ?? createLanding(stream));
    }
  };
  await readAll();
  for (const round of [1, 2, 3]) {
    bench.advance(10 * minuteMs);
    sandbox.person.associate({
      fromType: 'deals',
      fromId: `100${round - 1}`,
      toType: 'companies',
      toId: '2',
    });
    sandbox.person.update('deals', `100${round - 1}`, { dealname: `Renamed ${round}` });
    const before = sandbox.calls.byRoute['POST /crm/v3/objects/deals/search'] ?? 0;
    await readAll();
    expect(sandbox.calls.byRoute['POST /crm/v3/objects/deals/search']).toBe(before + 1);
    expect(landings[0]?.live().get(`100${round - 1}`)).toMatchObject({
      dealname: `Renamed ${round}`,
    });
    expect(landings[1]?.live().size).toBe(3 + round);
  }
});

test('a look that its first reader gave up is taken again by the next', async () => {
  await using bench = await openBench();
  const stream = await associated(bench, 3);
  const deals = await findStream(bench.extractor, 'deals');
  const landing = createLanding(deals);
  const associations = createLanding(stream);
  await readInto(bench, deals, landing);
  await readInto(bench, stream, associations);
  bench.advance(10 * minuteMs);
  bench.sandbox.person.update('deals', '1001', { dealname: 'Renamed' });
  const stop = new AbortController();
  const boundaryMs = bench.clock.now();
  const { cursor } = landing;
  const first = bench.extractor.read({
    stream: deals,
    settings: {},
    cursor,
    boundaryMs,
    signal: stop.signal,
  });
  const given = first[Symbol.asyncIterator]()
    .next()
    .then(
      () => 'read',
      () => 'stopped',
    );
  stop.abort();
  await readInto(bench, stream, associations);
  expect(await given).toBe('stopped');
  expect(associations.live().size).toBe(3);
});

test('an association that ended is gone after the next whole read', async () => {
  await using bench = await openBench();
  const stream = await associated(bench, 3);
  const landing = createLanding(stream);
  await readInto(bench, stream, landing);
  const ends = { fromType: 'deals', fromId: '1001', toType: 'companies', toId: '1' };
  bench.sandbox.person.dissociate(ends);
  bench.advance(60 * minuteMs);
  await readInto(bench, stream, landing, { fullEveryMs: 30 * minuteMs });
  expect(rowsOf(landing).map((row) => row['from_id'])).toEqual(['1000', '1002']);
});

test('a custom object is a stream by its name, with its associations', async () => {
  await using bench = await openBench();
  const { sandbox } = bench;
  const properties = [
    { name: 'serial', type: 'string' as const },
    { name: 'price', type: 'number' as const },
  ];
  sandbox.define({ objects: { machines: { properties } } });
  sandbox.load('machines', [{ id: '5', serial: 'S-5', price: '12.5' }]);
  sandbox.load('companies', [{ id: '1', name: 'Acme' }]);
  sandbox.associate([{ from_type: 'machines', from_id: '5', to_type: 'companies', to_id: '1' }]);
  const { landing } = await landNew(bench, 'machines');
  expect(landing.live().get('5')).toMatchObject({ serial: 'S-5', price: 12.5 });
  const joined = await landNew(bench, 'associations_machines_companies');
  expect(rowsOf(joined.landing)).toMatchObject([{ from_id: '5', to_id: '1' }]);
  const all = await bench.extractor.discover(signal);
  expect(all.map(({ name }) => name)).toContain('machines');
});

test('a record with more associations than a page holds has all of them', async () => {
  await using bench = await openBench();
  await associated(bench, 1250);
  const { landing } = await landNew(bench, 'associations_companies_deals');
  expect(landing.live().size).toBe(1250);
  expect(new Set(rowsOf(landing).map((row) => row['from_id']))).toEqual(new Set(['1']));
});

test('a whole read of associations goes on over days of a small budget', async () => {
  await using bench = await openBench({}, { daily_calls: 5 });
  const stream = await associated(bench, 1250);
  const landing = createLanding(stream);
  let days = 0;
  for (; days < 10; days += 1) {
    const error: unknown = await readInto(bench, stream, landing).catch(
      (reason: unknown) => reason,
    );
    if (error === undefined) break;
    expect(error).toBeInstanceOf(BudgetExhausted);
    bench.advance(24 * 60 * minuteMs);
  }
  expect(days).toBeGreaterThan(1);
  expect(landing.live().size).toBe(1250);
  expect(landing.added).toBe(1250);
});
