import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TerminalError } from '../../engine/words/errors.ts';
import { hubspot } from '../../extractors/hubspot.ts';
import type { HubSpotSandbox } from '../../sandbox/hubspot/sandbox.ts';
import { findStream } from '../conformance/extractor.ts';
import { createLanding, type Landing } from '../conformance/landing.ts';
import { type HubSpotBench, loadContacts, minuteMs, openBench, readInto } from './bench.ts';

const signal = new AbortController().signal;

async function landFirst(bench: HubSpotBench, name = 'contacts') {
  const stream = await findStream(bench.extractor, name);
  const landing = createLanding(stream);
  await readInto(bench, stream, landing);
  return { stream, landing };
}

function truth(sandbox: HubSpotSandbox, type = 'contacts', field = 'firstname') {
  const live = [...sandbox.rows(type)].filter((row) => row['archived'] !== true);
  return Object.fromEntries(
    live.map((row) => [row['id'], (row['properties'] as Record<string, unknown>)[field]]),
  );
}

function landed(landing: Landing, field = 'firstname') {
  return Object.fromEntries([...landing.live()].map(([id, record]) => [id, record[field]]));
}

/** Contacts that a person edits in one go: all get the stamp of now. */
function editAll(bench: HubSpotBench, ids: readonly string[], word: string): void {
  for (const id of ids) bench.sandbox.person.update('contacts', id, { firstname: `${word} ${id}` });
}

test('more changes than a search reaches are read, whatever its cap', async () => {
  await using bench = await openBench({ searchCap: 200 });
  loadContacts(bench.sandbox, 1500);
  const { stream, landing } = await landFirst(bench);
  for (const id of [...landing.live().keys()]) {
    bench.advance(10);
    editAll(bench, [id], 'edited');
  }
  await readInto(bench, stream, landing);
  expect(landed(landing)).toEqual(truth(bench.sandbox));
});

test('more records of one stamp than a search reaches are all read, once', async () => {
  await using bench = await openBench({ searchCap: 200 });
  loadContacts(bench.sandbox, 1300);
  const { stream, landing } = await landFirst(bench);
  bench.advance(10 * minuteMs);
  const ids = [...landing.live().keys()];
  editAll(bench, ids, 'imported');
  bench.advance(1);
  editAll(bench, ids.slice(0, 5), 'later');
  const before = { calls: bench.calls(), added: landing.added };
  await readInto(bench, stream, landing);
  expect(landed(landing)).toEqual(truth(bench.sandbox));
  expect(landing.added - before.added).toBe(1300);
  // The first look, the page that shows the tie, the tie's own pages, and the rest after it.
  expect(bench.calls() - before.calls).toBeLessThanOrEqual(1 + 1 + 7 + 1);
});

test('a read broken off within one stamp goes on within it', async () => {
  await using bench = await openBench();
  loadContacts(bench.sandbox, 900);
  const { stream, landing } = await landFirst(bench);
  bench.advance(60 * minuteMs);
  editAll(bench, [...landing.live().keys()], 'imported');
  const extractor = hubspot.create(bench.context);
  for (let run = 0; run < 12; run += 1) {
    const request = {
      stream,
      settings: {},
      cursor: landing.cursor,
      boundaryMs: bench.clock.now(),
      signal,
    };
    for await (const page of extractor.read(request)) {
      await landing.commit(page);
      break;
    }
  }
  expect(landed(landing)).toEqual(truth(bench.sandbox));
});

test('what search shows late is read by the next run', async () => {
  await using bench = await openBench({ searchLagMs: 2 * minuteMs });
  loadContacts(bench.sandbox, 20);
  const { stream, landing } = await landFirst(bench);
  const [first = '', second = '', third = ''] = [...landing.live().keys()];
  bench.advance(30 * minuteMs);
  editAll(bench, [first], 'late');
  bench.sandbox.person.archive('contacts', third);
  bench.advance(minuteMs);
  editAll(bench, [second], 'late');
  await readInto(bench, stream, landing);
  bench.advance(90_000);
  await readInto(bench, stream, landing);
  bench.advance(90_000);
  await readInto(bench, stream, landing);
  expect(landed(landing)).toEqual(truth(bench.sandbox));
});

test('an archived record is deleted at the time of it, and comes back when restored', async () => {
  await using bench = await openBench();
  loadContacts(bench.sandbox, 5);
  const { stream, landing } = await landFirst(bench);
  const [id = ''] = [...landing.live().keys()];
  bench.advance(10 * minuteMs);
  bench.sandbox.person.archive('contacts', id);
  const archivedAt = new Date(bench.clock.now()).toISOString();
  bench.advance(minuteMs);
  await readInto(bench, stream, landing);
  expect(landing.live().has(id)).toBe(false);
  const gone = landing.versions(id).at(-1);
  expect(gone).toMatchObject({ archived: true, updatedAt: archivedAt, archivedAt });
  expect(gone?.['firstname']).toBe('Contact 0');
  bench.advance(10 * minuteMs);
  bench.sandbox.person.restore('contacts', id);
  bench.advance(minuteMs);
  await readInto(bench, stream, landing);
  expect(landing.live().get(id)).toMatchObject({ archived: false });
});

test('the archived list is read when the count does not add up, and not for creations', async () => {
  await using bench = await openBench();
  loadContacts(bench.sandbox, 5);
  const { stream, landing } = await landFirst(bench);
  const list = 'GET /crm/v3/objects/contacts';
  const lists = () => bench.sandbox.calls.byRoute[list] ?? 0;
  const before = lists();
  bench.advance(10 * minuteMs);
  bench.sandbox.person.create('contacts', { firstname: 'New' });
  bench.advance(minuteMs);
  await readInto(bench, stream, landing);
  expect(lists() - before).toBe(0);
  const [id = ''] = [...landing.live().keys()];
  bench.sandbox.person.archive('contacts', id);
  await readInto(bench, stream, landing);
  expect(lists() - before).toBe(1);
  await readInto(bench, stream, landing);
  expect(lists() - before).toBe(1);
  bench.advance(60 * minuteMs);
  await readInto(bench, stream, landing, { options: { archived_every: '1h' } });
  expect(lists() - before).toBe(2);
});

test.each([false, true])(
  'a merge takes the loser away at once (new id: %s)',
  async (mintsNewId) => {
    await using bench = await openBench();
    loadContacts(bench.sandbox, 5);
    const { stream, landing } = await landFirst(bench);
    const [winner = '', loser = ''] = [...landing.live().keys()];
    bench.advance(10 * minuteMs);
    bench.sandbox.person.merge('contacts', winner, loser, { mintsNewId });
    bench.advance(minuteMs);
    await readInto(bench, stream, landing);
    expect(landed(landing)).toEqual(truth(bench.sandbox));
  },
);

test('a privacy deletion is gone after the next whole read', async () => {
  await using bench = await openBench();
  loadContacts(bench.sandbox, 5);
  const { stream, landing } = await landFirst(bench);
  const [id = ''] = [...landing.live().keys()];
  await fetch(`${bench.sandbox.url}/crm/v3/objects/contacts/gdpr-delete`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${bench.sandbox.token}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ objectId: id }),
  });
  bench.advance(25 * 60 * minuteMs);
  await readInto(bench, stream, landing);
  expect(landing.live().has(id)).toBe(false);
  expect(landing.live().size).toBe(4);
});

test('a property that appears is read for all records', async () => {
  await using bench = await openBench();
  loadContacts(bench.sandbox, 3);
  const { landing } = await landFirst(bench);
  const property = { name: 'favourite_colour', type: 'string' as const };
  bench.sandbox.define({ objects: { contacts: { properties: [property] } } });
  bench.advance(minuteMs);
  const stream = await findStream(bench.extractor, 'contacts');
  expect(stream.columns.map(({ name }) => name)).toContain('favourite_colour');
  const request = { stream, settings: {}, cursor: landing.cursor, boundaryMs: bench.clock.now() };
  expect(bench.extractor.estimate(request)).toMatchObject({ mode: 'full_refresh' });
});

test('an option that the connector does not know is refused for its stream', async () => {
  await using bench = await openBench();
  const stream = await findStream(bench.extractor, 'contacts');
  const landing = createLanding(stream);
  for (const options of [{ archived_every: 'often' }, { archive_every: '1h' }]) {
    const read = readInto(bench, stream, landing, { options });
    await expect(read).rejects.toMatchObject({ code: 'config-invalid' });
  }
});

test('columns have types by their properties, ids as texts', async () => {
  await using bench = await openBench();
  const [contacts, deals] = await bench.extractor.discover(signal, ['contacts', 'deals']);
  const typeOf = (stream: typeof contacts, name: string) =>
    stream?.columns.find((column) => column.name === name)?.type;
  expect(typeOf(contacts, 'associatedcompanyid')).toBe('string');
  expect(typeOf(contacts, 'createdate')).toBe('timestamp');
  expect(typeOf(deals, 'amount')).toBe('double');
  expect(typeOf(deals, 'hs_is_closed_won')).toBe('boolean');
  expect(contacts?.columns.find(({ name }) => name === 'email')?.path).toEqual([
    'properties',
    'email',
  ]);
});

test('an object that the app may not see is left out, and the others are there', async () => {
  await using bench = await openBench();
  bench.sandbox.revokeScope('crm.schemas.deals.read');
  const streams = await bench.extractor.discover(signal, ['contacts', 'deals', 'companies']);
  expect(streams.map(({ name }) => name)).toEqual(['contacts', 'companies']);
});

test('a scope withdrawn after discovery is a terminal error that names the scope', async () => {
  await using bench = await openBench();
  loadContacts(bench.sandbox, 3);
  const stream = await findStream(bench.extractor, 'contacts');
  bench.sandbox.revokeScope('crm.objects.contacts.read');
  const error: unknown = await readInto(bench, stream, createLanding(stream)).catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TerminalError);
  expect(error).toMatchObject({ code: 'permission-missing' });
  expect((error as Error).message).toContain('crm.objects.contacts.read');
});

test('a group of associations means those between the objects that are read', async () => {
  await using bench = await openBench();
  const group = hubspot.groups?.['associations'];
  const wanted = new Set(['contacts', 'companies', 'deals', 'associations']);
  const streams = await bench.extractor.discover(
    signal,
    (name) => wanted.has(name) || group?.(name) === true,
  );
  const names = streams.map(({ name }) => name).filter((name) => name.startsWith('assoc'));
  expect(names).toEqual([
    'associations_contacts_companies',
    'associations_deals_contacts',
    'associations_deals_companies',
  ]);
});

test('histories of edits, archives, restores, merges and lag end in the truth', async () => {
  const step = fc.record({
    act: fc.constantFrom('create', 'edit', 'archive', 'restore', 'merge', 'wait', 'read'),
    n: fc.nat(50),
  });
  const run = async (lagMs: number, steps: readonly { act: string; n: number }[]) => {
    await using bench = await openBench({ searchLagMs: lagMs, searchCap: 200 });
    const { person } = bench.sandbox;
    loadContacts(bench.sandbox, 6);
    const { stream, landing } = await landFirst(bench);
    for (const { act, n } of steps) {
      bench.advance(1000);
      const rows = [...bench.sandbox.rows('contacts')];
      const pick = (isArchived: boolean, at: number): string | undefined => {
        const some = rows.filter((row) => (row['archived'] === true) === isArchived);
        return some.length === 0 ? undefined : String(some[at % some.length]?.['id']);
      };
      const live = pick(false, n);
      if (act === 'create') person.create('contacts', { firstname: `c${n}` });
      else if (act === 'wait') bench.advance(n * minuteMs);
      else if (act === 'read') await readInto(bench, stream, landing);
      else if (act === 'restore') {
        const gone = pick(true, n);
        if (gone !== undefined) person.restore('contacts', gone);
      } else if (live === undefined) continue;
      else if (act === 'edit') person.update('contacts', live, { firstname: `e${n}` });
      else if (act === 'archive') person.archive('contacts', live);
      else {
        const other = pick(false, n + 1);
        if (other !== undefined && other !== live) person.merge('contacts', live, other);
      }
    }
    bench.advance(lagMs + minuteMs);
    await readInto(bench, stream, landing);
    // What cancels out in the count is met by the archived list's own schedule.
    bench.advance(6 * 60 * minuteMs);
    await readInto(bench, stream, landing);
    expect(landed(landing)).toEqual(truth(bench.sandbox));
  };
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(0, 2 * minuteMs), fc.array(step, { maxLength: 30 }), run),
    { numRuns: 25 },
  );
});

test('reads of an empty object cost one call when there is nothing', async () => {
  await using bench = await openBench();
  const { stream, landing } = await landFirst(bench, 'products');
  bench.advance(10 * minuteMs);
  const before = bench.calls();
  await readInto(bench, stream, landing);
  expect(bench.calls() - before).toBe(1);
  bench.sandbox.person.create('products', { name: 'First' });
  bench.advance(minuteMs);
  await readInto(bench, stream, landing);
  expect(landing.live().size).toBe(1);
});

test('changes made while an archived list lay interrupted are read afterwards', async () => {
  await using bench = await openBench();
  loadContacts(bench.sandbox, 250);
  const { stream, landing } = await landFirst(bench);
  const ids = [...landing.live().keys()];
  bench.advance(10 * minuteMs);
  for (const id of ids.slice(0, 150)) bench.sandbox.person.archive('contacts', id);
  const read = async (pagesMax: number): Promise<void> => {
    const boundaryMs = bench.clock.now();
    const request = { stream, settings: {}, cursor: landing.cursor, boundaryMs, signal };
    let pages = 0;
    for await (const page of bench.extractor.read(request)) {
      await landing.commit(page);
      pages += 1;
      if (pages === pagesMax) return;
    }
  };
  await read(2);
  bench.advance(minuteMs);
  editAll(bench, ids.slice(200, 203), 'meanwhile');
  bench.advance(3 * 60 * minuteMs);
  await read(99);
  await read(99);
  expect(landed(landing)).toEqual(truth(bench.sandbox));
});
