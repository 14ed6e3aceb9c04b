import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { landStream } from '../../engine/steps/land.ts';
import { readCursor } from '../../engine/steps/land-cursor.ts';
import type { Extractor, StreamSettings } from '../../engine/words/stream.ts';
import type { Warehouse } from '../../engine/words/warehouse.ts';
import { hubspot } from '../../extractors/hubspot.ts';
import { findStream } from '../conformance/extractor.ts';
import { optionsFor } from '../land/landing.ts';
import { startProxy } from '../salesforce/proxy.ts';
import { withWarehouse } from '../warehouse/folder.ts';
import { type HubSpotBench, loadContacts, minuteMs, openBench } from './bench.ts';

const signal = new AbortController().signal;

interface Place {
  readonly bench: HubSpotBench;
  readonly warehouse: Warehouse;
  readonly folder: string;
}

/** One run of one stream into the warehouse, as the engine makes it. */
async function land(
  { bench, warehouse, folder }: Place,
  name: string,
  settings: StreamSettings = {},
  extractor: Extractor = bench.extractor,
) {
  const stream = await findStream(extractor, name);
  const cursor = await readCursor(warehouse, { connection: 'hubspot', stream: name });
  const boundaryMs = bench.clock.now();
  const pages = extractor.read({ stream, settings, cursor, boundaryMs, signal });
  return landStream(
    warehouse,
    pages,
    optionsFor(folder, { connection: 'hubspot', stream, settings, boundaryMs }),
  );
}

function inWarehouse(work: (place: Place) => Promise<void>): Promise<void> {
  return withWarehouse(async (warehouse, folder) => {
    await using bench = await openBench();
    await work({ bench, warehouse, folder });
  });
}

test('versions of a contact land typed, through edits, archiving and coming back', () =>
  inWarehouse(async (place) => {
    const { bench, warehouse } = place;
    const { person } = bench.sandbox;
    loadContacts(bench.sandbox, 250);
    expect(await land(place, 'contacts')).toMatchObject({ inserted: 250, deletedByAbsence: 0 });
    const [first] = await warehouse.query<{ id: string }>(
      sql`select id from hubspot.contacts order by createdate limit 1`,
    );
    const id = first?.id ?? '';
    bench.advance(10 * minuteMs);
    person.update('contacts', id, { firstname: 'Edited' });
    bench.advance(10 * minuteMs);
    person.archive('contacts', id);
    const archivedAt = new Date(bench.clock.now()).toISOString();
    bench.advance(minuteMs);
    expect(await land(place, 'contacts')).toMatchObject({ inserted: 1 });
    const versions = await warehouse.query(sql`
      select firstname, _deleted, _modified_at from raw_hubspot.contacts
      where id = ${id} order by _modified_at`);
    expect(versions).toMatchObject([
      { firstname: 'Contact 0', _deleted: false },
      { firstname: 'Edited', _deleted: true, _modified_at: archivedAt },
    ]);
    bench.advance(minuteMs);
    person.restore('contacts', id);
    await land(place, 'contacts');
    const [live] = await warehouse.query(sql`select count(*) as n from hubspot.contacts`);
    expect(live).toEqual({ n: 250 });
    expect(await land(place, 'contacts')).toMatchObject({ inserted: 0 });
  }));

test('the loser of a merge leaves with its last values and the time of the merge', () =>
  inWarehouse(async (place) => {
    const { bench, warehouse } = place;
    loadContacts(bench.sandbox, 5);
    await land(place, 'contacts');
    const rows = await warehouse.query<{ id: string }>(
      sql`select id from hubspot.contacts order by createdate`,
    );
    const [winner = '', loser = ''] = rows.map(({ id }) => id);
    bench.advance(10 * minuteMs);
    bench.sandbox.person.merge('contacts', winner, loser);
    const mergedAt = new Date(bench.clock.now()).toISOString();
    await land(place, 'contacts');
    const [gone] = await warehouse.query(sql`
      select firstname, _deleted, _modified_at from raw_hubspot.contacts
      where id = ${loser} order by _modified_at desc limit 1`);
    expect(gone).toEqual({ firstname: 'Contact 1', _deleted: true, _modified_at: mergedAt });
    expect(await land(place, 'contacts')).toMatchObject({ inserted: 0 });
  }));

test('empty texts in columns of numbers, dates and truth values land as null', () =>
  inWarehouse(async (place) => {
    const { bench, warehouse } = place;
    const deal = { dealname: 'D', pipeline: 'default', dealstage: 'closedwon', amount: '5' };
    bench.sandbox.load('deals', [deal]);
    await using proxy = await startProxy(
      bench.sandbox.url,
      () => undefined,
      ({ path }, body) => {
        if (!path.startsWith('/crm/v3/objects/deals?')) return body;
        const { results } = body as { results: { properties: Record<string, string> }[] };
        for (const { properties } of results) {
          Object.assign(properties, { amount: '', closedate: '', hs_is_closed: '' });
        }
        return body;
      },
    );
    const extractor = hubspot.create(bench.reopen({ url: proxy.url }));
    await land(place, 'deals', {}, extractor);
    expect(
      await warehouse.query(
        sql`select dealname, amount, closedate, hs_is_closed from hubspot.deals`,
      ),
    ).toEqual([{ dealname: 'D', amount: null, closedate: null, hs_is_closed: null }]);
  }));

test('owners, stages and associations land, and again without a new version', () =>
  inWarehouse(async (place) => {
    const { bench, warehouse } = place;
    const { sandbox } = bench;
    sandbox.define({ owners: [{ id: '7', email: 'o@example.com' }] });
    sandbox.load('deals', [
      { id: '5', dealname: 'D', pipeline: 'default', dealstage: 'closedwon' },
      { id: '6', dealname: 'E', pipeline: 'default', dealstage: 'closedwon' },
    ]);
    sandbox.load('companies', [{ id: '1', name: 'Acme' }]);
    sandbox.associate(
      ['5', '6'].map((id) => {
        const ends = { from_type: 'deals', from_id: id, to_type: 'companies', to_id: '1' };
        return ends;
      }),
    );
    const names = ['owners', 'pipeline_stages', 'associations_deals_companies'];
    const inserted = [1, 11, 2];
    for (const [index, name] of names.entries()) {
      expect(await land(place, name)).toMatchObject({ inserted: inserted[index] });
    }
    bench.advance(minuteMs);
    for (const name of names) {
      expect(await land(place, name)).toMatchObject({ inserted: 0, deletedByAbsence: 0 });
    }
    sandbox.person.dissociate({ fromType: 'deals', fromId: '6', toType: 'companies', toId: '1' });
    bench.advance(60 * minuteMs);
    const again = await land(place, 'associations_deals_companies', { fullEveryMs: 1 });
    expect(again.deletedByAbsence).toBe(1);
    expect(
      await warehouse.query(sql`select from_id, to_id from hubspot.associations_deals_companies`),
    ).toEqual([{ from_id: '5', to_id: '1' }]);
  }));
