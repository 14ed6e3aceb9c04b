import { describe, expect, test } from 'vitest';
import { mapSync } from '../../engine/steps/sync-mapping.ts';
import { crmField, mapped, openLab } from './lab.ts';

const fields = [
  crmField('email', 'email', { unique: true }),
  crmField('name', 'text', { lengthMax: 5, required: true }),
  crmField('score', 'number', { scale: 1 }),
  crmField('stage', 'text', { values: ['new', 'won'] }),
  crmField('born', 'date'),
  crmField('seen', 'datetime'),
  crmField('vip', 'boolean'),
  crmField('tax', 'text', { unique: true }),
  crmField('formula', 'text', { creatable: false, updatable: false }),
];
const names = ['email', 'name', 'score', 'stage', 'born', 'seen', 'vip', 'tax'];
const spec = { fields: names.map((name) => mapped(name)) };
const good = {
  email: 'a@x.org',
  name: 'Ann',
  score: '1.5',
  stage: 'new',
  born: '2000-01-02',
  seen: '2026-01-02T03:04:05Z',
  vip: 'true',
  tax: 't1',
};

describe('before anything is sent', () => {
  test.each([
    ['name: longer than 5 characters', { name: 'Annabel' }],
    ['name: required, and the model has none', { name: null }],
    ['score: not a number', { score: 'many' }],
    ['stage: not one of the values the field allows', { stage: 'lost' }],
    ['born: not a date', { born: 'soon' }],
    ['seen: not a datetime', { seen: 'late' }],
    ['vip: not a boolean', { vip: 'perhaps' }],
    ['tax: another record or row holds this value', { tax: 'taken' }],
    ['the row has no sync key', { email: null }],
    ['several records in the CRM match the key', { email: 'twice@x.org' }],
  ])('a row is rejected: %s', async (reason, change) => {
    const lab = await openLab({ spec, fields });
    lab.crm.add({ email: 'other@x.org', name: 'Oth', tax: 'taken' });
    lab.crm.add({ email: 'twice@x.org', name: 'One' });
    lab.crm.add({ email: 'twice@x.org', name: 'Two' });
    await lab.extract();
    await lab.setModel([{ ...good, ...change }]);
    const { planId, summary } = await lab.run();
    expect(summary.counts).toMatchObject({ rejected: 1, create: 0, update: 0 });
    expect(await lab.plan(planId)).toMatchObject([{ action: 'rejected', reason }]);
    expect(lab.crm.writes).toEqual([]);
  });

  test('rows that share a key are rejected together', async () => {
    const lab = await openLab({ spec, fields });
    await lab.extract();
    await lab.setModel([good, { ...good, name: 'Bob' }]);
    expect((await lab.diff()).counts).toMatchObject({ rejected: 2, create: 0 });
  });

  test('values are sent as their kind has them in JSON', async () => {
    const lab = await openLab({
      spec,
      fields,
      types: { score: 'double', born: 'date', seen: 'timestamp', vip: 'boolean' },
    });
    await lab.extract();
    await lab.setModel([{ ...good, score: 1.26, seen: '2026-01-02 03:04:05.5' }]);
    await lab.run();
    expect(lab.crm.writes[0]?.[0]?.fields).toEqual({
      ...good,
      score: 1.3,
      seen: '2026-01-02T03:04:05.500Z',
      vip: true,
    });
    await lab.extract();
    expect((await lab.diff()).hasWork).toBe(false);
  });
});

test('every fault of a declaration is found at once, with what was probably meant', async () => {
  const lab = await openLab({ spec, fields });
  await lab.setModel([good]);
  const target = (await lab.map()).target;
  const { faults, mapping } = await mapSync(
    lab.warehouse,
    {
      ...lab.spec,
      match: [{ field: 'emial', column: 'email' }],
      fields: [
        mapped('name', { column: 'nmae' }),
        mapped('formula', { column: 'name' }),
        mapped('score', { owner: 'latest' }),
        mapped('vip', { write: 'append' }),
      ],
    },
    target,
  );
  expect(mapping).toBeUndefined();
  expect(faults.map(({ code }) => code)).toEqual([
    'field-unknown',
    'column-unknown',
    'field-read-only',
    'modified-column-missing',
    'append-to-single-value',
  ]);
  expect(faults.map(String).join('\n')).toContain('did you mean "email"');
});
