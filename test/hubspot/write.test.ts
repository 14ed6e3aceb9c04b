import { expect, test } from 'vitest';
import type { Destination, RowChange } from '../../engine/words/destination.ts';
import { TerminalError } from '../../engine/words/errors.ts';
import { hubspot } from '../../reverse-etl/hubspot.ts';
import { idOf } from '../conformance/destination.ts';
import { create, type HubSpotBench, minuteMs, openBench, propertiesOf, writeOne } from './bench.ts';

const signal = new AbortController().signal;

function contactsOf(bench: HubSpotBench): Destination {
  return hubspot.create(bench.context, 'contacts');
}

function associationsOf(bench: HubSpotBench) {
  const rows = [...bench.sandbox.rows('associations')];
  return rows.map(
    (row) => `${row['from_type']} ${row['from_id']} ${row['to_type']} ${row['to_id']}`,
  );
}

test('describes kinds, options, keys and what may be written', async () => {
  await using bench = await openBench();
  const fields = new Map(
    (await contactsOf(bench).describe(signal)).map((field) => [field.name, field]),
  );
  expect(fields.get('email')).toMatchObject({ kind: 'email', unique: true, creatable: true });
  expect(fields.get('hs_email_domain')).toMatchObject({ creatable: false, updatable: false });
  expect(fields.get('lifecyclestage')?.values).toContain('customer');
  expect(fields.get('hubspot_owner_id')?.values).toBeUndefined();
  expect(fields.get('hs_object_id')).toMatchObject({ kind: 'record_id', unique: true });
  expect(fields.get('createdate')).toMatchObject({ kind: 'datetime', creatable: false });
});

test('what a custom object must have is required', async () => {
  await using bench = await openBench();
  bench.sandbox.define({
    objects: {
      machines: {
        requiredProperties: ['serial'],
        properties: [{ name: 'serial', type: 'string' }],
      },
    },
  });
  const machines = hubspot.create(bench.context, 'machines');
  const serial = (await machines.describe(signal)).find(({ name }) => name === 'serial');
  expect(serial?.required).toBe(true);
  const id = idOf(await writeOne(machines, create('a', { serial: 'S-1' })));
  expect(propertiesOf(bench, 'machines', id)['serial']).toBe('S-1');
  expect(await writeOne(machines, create('b', {}))).toMatchObject({ status: 'rejected' });
});

test('values are written in the form of their property', async () => {
  await using bench = await openBench();
  bench.sandbox.define({
    objects: {
      deals: {
        properties: [
          { name: 'is_big', type: 'bool' },
          { name: 'due', type: 'date' },
          { name: 'kinds', type: 'enumeration', fieldType: 'checkbox', options: ['a', 'b'] },
        ],
      },
    },
  });
  const deals = hubspot.create(bench.context, 'deals');
  const fields = {
    dealname: 'Big',
    pipeline: 'default',
    dealstage: 'closedwon',
    amount: 12.5,
    is_big: true,
    due: '2026-05-01 00:00:00',
    closedate: '2026-05-01 10:30:00',
    kinds: ['a', 'b'],
    description: null,
  };
  const id = idOf(await writeOne(deals, create('a', fields)));
  expect(propertiesOf(bench, 'deals', id)).toMatchObject({
    amount: '12.5',
    is_big: 'true',
    due: '2026-05-01',
    closedate: '2026-05-01T10:30:00.000Z',
    kinds: 'a;b',
    description: null,
  });
  const wrong = await deals.write(
    [
      create('b', { dealname: 'x', amount: 'much' }),
      create('c', { dealname: 'y', due: 'soon' }),
      create('d', { dealname: 'z', is_big: 'perhaps' }),
    ],
    signal,
  );
  expect(wrong.map((result) => 'fields' in result && result.fields)).toEqual([
    ['amount'],
    ['due'],
    ['is_big'],
  ]);
});

test('a duplicate is rejected as one, without the value, and names the record', async () => {
  await using bench = await openBench();
  const contacts = contactsOf(bench);
  const id = idOf(await writeOne(contacts, create('a', { email: 'secret@example.com' })));
  const results = await contacts.write(
    [create('b', { email: 'secret@example.com' }), create('c', { email: 'other@example.com' })],
    signal,
  );
  expect(results[0]).toMatchObject({ status: 'rejected', code: 'duplicate' });
  expect(JSON.stringify(results[0])).not.toContain('secret@');
  expect(JSON.stringify(results[0])).toContain(id);
  expect(results[1]?.status).toBe('written');
});

test('the reason of a refusal names the property and not the value', async () => {
  await using bench = await openBench();
  const contacts = contactsOf(bench);
  const results = await contacts.write(
    [
      create('a', { email: 'not-an-address' }),
      create('b', { lifecyclestage: 'nowhere' }),
      create('c', { no_such_property: 'x' }),
      create('d', { hs_email_domain: 'x.example' }),
    ],
    signal,
  );
  expect(results.map((result) => (result.status === 'rejected' ? result.code : ''))).toEqual([
    'INVALID_EMAIL',
    'INVALID_OPTION',
    'PROPERTY_DOESNT_EXIST',
    'READ_ONLY_VALUE',
  ]);
  expect(results.map((result) => 'fields' in result && result.fields?.[0])).toEqual([
    'email',
    'lifecyclestage',
    'no_such_property',
    'hs_email_domain',
  ]);
  expect(JSON.stringify(results)).not.toMatch(/not-an-address|nowhere/);
});

test('creates bring associations along, in the plain relation', async () => {
  await using bench = await openBench();
  bench.sandbox.load('companies', [{ id: '1', name: 'Acme' }]);
  const contacts = contactsOf(bench);
  const results = await contacts.write(
    [
      create('a', { email: 'a@example.com' }, { associations: [{ to: 'companies', id: '1' }] }),
      create('b', { email: 'b@example.com' }, { associations: [{ to: 'companies', id: '999' }] }),
      create('c', { email: 'c@example.com' }, { associations: [{ to: 'nothing', id: '1' }] }),
    ],
    signal,
  );
  const id = idOf(results[0]);
  expect(associationsOf(bench)).toContain(`contacts ${id} companies 1`);
  expect(results.map((result) => result.status)).toEqual(['written', 'rejected', 'rejected']);
  expect(results[2]).toMatchObject({ code: 'association-refused', fields: ['@nothing'] });
  expect(bench.sandbox.count('contacts')).toBe(1);
});

test('updates and upserts are associated after they are written', async () => {
  await using bench = await openBench();
  bench.sandbox.load('companies', [{ id: '1', name: 'Acme' }]);
  const contacts = contactsOf(bench);
  const made = idOf(await writeOne(contacts, create('a', { email: 'a@example.com' })));
  const associations = [{ to: 'companies', id: '1' }];
  const results = await contacts.write(
    [
      { key: 'a', action: 'update', id: made, fields: {}, associations },
      {
        key: 'b',
        action: 'upsert',
        match: { field: 'email', value: 'b@example.com' },
        fields: { firstname: 'B' },
        associations,
      },
      {
        key: 'c',
        action: 'upsert',
        match: { field: 'email', value: 'c@example.com' },
        fields: { firstname: 'C' },
        associations: [{ to: 'companies', id: '999' }],
      },
    ],
    signal,
  );
  expect(results.map((result) => result.status)).toEqual(['written', 'written', 'rejected']);
  expect(associationsOf(bench)).toContain(`contacts ${made} companies 1`);
  expect(associationsOf(bench)).toContain(`contacts ${idOf(results[1])} companies 1`);
  expect(results[2]).toMatchObject({ code: 'association-refused' });
});

test('an update of a record that is gone is refused for itself alone', async () => {
  await using bench = await openBench();
  const contacts = contactsOf(bench);
  const id = idOf(await writeOne(contacts, create('a', { email: 'a@example.com' })));
  const results = await contacts.write(
    [
      { key: 'a', action: 'update', id, fields: { firstname: 'A' } },
      { key: 'b', action: 'update', id: '424242', fields: { firstname: 'B' } },
    ],
    signal,
  );
  expect(results.map((result) => result.status)).toEqual(['written', 'rejected']);
});

test('two changes of one record in a call: the second is refused, the first is written', async () => {
  await using bench = await openBench();
  const contacts = contactsOf(bench);
  const upsert = (key: string, value: string): RowChange => ({
    key,
    action: 'upsert',
    match: { field: 'email', value },
    fields: { firstname: key },
  });
  const results = await contacts.write(
    [upsert('a', 'a@example.com'), upsert('b', 'A@example.com')],
    signal,
  );
  expect(results[0]).toMatchObject({ status: 'written', created: true });
  expect(results[1]).toMatchObject({ status: 'rejected', code: 'same-record-twice' });
});

test('finds by a unique property at once, while search still lags', async () => {
  await using bench = await openBench({ searchLagMs: 10 * minuteMs });
  const contacts = contactsOf(bench);
  await writeOne(contacts, create('a', { email: 'a@example.com', firstname: 'Ada' }));
  const found = await contacts.find('email', ['a@example.com'], ['firstname'], signal);
  expect(found).toMatchObject([{ fields: { firstname: 'Ada' } }]);
  expect(await contacts.find('firstname', ['Ada'], [], signal)).toEqual([]);
  bench.advance(11 * minuteMs);
  expect(await contacts.find('firstname', ['ADA'], [], signal)).toHaveLength(1);
});

test('finds many long values by several searches', async () => {
  await using bench = await openBench();
  const contacts = contactsOf(bench);
  const names = Array.from({ length: 60 }, (_, index) => `${'long '.repeat(20)}${index}`);
  await contacts.write(
    names.map((firstname, index) => create(String(index), { firstname })),
    signal,
  );
  const found = await contacts.find('firstname', names, ['firstname'], signal);
  expect(new Set(found.map((record) => record.fields['firstname']))).toEqual(new Set(names));
  const tooLong = contacts.find('firstname', ['x'.repeat(4000)], [], signal);
  await expect(tooLong).rejects.toMatchObject({ code: 'value-too-long' });
});

test('the id of a record that was merged away finds nothing', async () => {
  await using bench = await openBench();
  const contacts = contactsOf(bench);
  const made = await contacts.write(
    [create('a', { firstname: 'A' }), create('b', { firstname: 'B' })],
    signal,
  );
  const [winner = '', loser = ''] = made.map(idOf);
  bench.sandbox.person.merge('contacts', winner, loser);
  const found = await contacts.find('id', [winner, loser], ['firstname'], signal);
  expect(found.map(({ id }) => id)).toEqual([winner]);
});

test('a missing scope stops the write with what to do', async () => {
  await using bench = await openBench();
  bench.sandbox.revokeScope('crm.objects.contacts.write');
  const results = await contactsOf(bench).write([create('a', { firstname: 'A' })], signal);
  // Nothing was written: the change waits, and the error says what to do.
  expect(results).toMatchObject([{ status: 'deferred', stop: { code: 'permission-missing' } }]);
  expect(results).toMatchObject([{ stop: expect.any(TerminalError) }]);
});
