import { describe, expect, test } from 'vitest';
import { reassertMax } from '../../engine/steps/diff-decision.ts';
import type { SyncSpec } from '../../engine/words/sync.ts';
import { crmField, type Lab, type LabOptions, mapped, openLab } from './lab.ts';

const ann = { email: 'ann@x.org', name: 'Ann', title: 'CEO' };
const bob = { email: 'bob@x.org', name: 'Bob', title: 'CTO' };

/** A lab whose one row is in both, settled and observed. */
async function settled(options: LabOptions = {}): Promise<{ lab: Lab; id: string }> {
  const lab = await openLab(options);
  const id = lab.crm.add(ann);
  await lab.extract();
  await lab.setModel([ann]);
  await lab.run();
  return { lab, id };
}

const titled = (lab: Lab, id: string) => lab.crm.records.get(id)?.fields['title'];

describe('an edit in the CRM', () => {
  const drift = (onDrift: SyncSpec['onDrift']): LabOptions => ({ spec: { onDrift } });

  test('is written over where the model is to be reasserted', async () => {
    const { lab, id } = await settled(drift('reassert'));
    lab.crm.edit(id, { title: 'Boss' });
    await lab.extract();
    expect(await lab.diff()).toMatchObject({ counts: { update: 1 }, driftRows: 1 });
    await lab.run();
    expect(titled(lab, id)).toBe('CEO');
  });

  test('stands until the model changes where it is adopted', async () => {
    const { lab, id } = await settled(drift('adopt'));
    lab.crm.edit(id, { title: 'Boss' });
    await lab.extract();
    await lab.run();
    await lab.extract();
    expect(await lab.diff()).toMatchObject({ hasWork: false, counts: { unchanged: 1 } });
    expect(titled(lab, id)).toBe('Boss');
    await lab.setModel([{ ...ann, title: 'Chair' }]);
    await lab.run();
    expect(titled(lab, id)).toBe('Chair');
  });

  test('is only shown where it is to be reported, and a change of both is left to people', async () => {
    const { lab, id } = await settled(drift('report'));
    lab.crm.edit(id, { title: 'Boss' });
    await lab.extract();
    expect(await lab.diff()).toMatchObject({ hasWork: false, counts: { drift: 1 } });
    await lab.setModel([{ ...ann, title: 'Chair' }]);
    expect(await lab.diff()).toMatchObject({ hasWork: false, counts: { conflict: 1 } });
    const { planId } = await lab.run();
    expect(await lab.plan(planId)).toMatchObject([
      { action: 'conflict', before_crm: 'Boss', before_accepted: 'CEO', after: 'Chair' },
    ]);
    expect(titled(lab, id)).toBe('Boss');
  });

  test('stays where the CRM owns the field, also when the model changes later', async () => {
    const fields = [mapped('email'), mapped('title', { owner: 'crm' })];
    const { lab, id } = await settled({ spec: { fields } });
    lab.crm.edit(id, { title: 'Boss' });
    await lab.extract();
    await lab.run();
    await lab.setModel([{ ...ann, title: 'Chair' }]);
    await lab.run();
    await lab.extract();
    expect(titled(lab, id)).toBe('Boss');
    expect((await lab.diff()).hasWork).toBe(false);
  });

  test.each([
    ['later', '2027-01-01T00:00:00Z', 'Chair'],
    ['earlier', '2020-01-01T00:00:00Z', 'Boss'],
  ])('and one of the model: the latest wins, the model being %s', async (_, at, winner) => {
    const { lab, id } = await settled({
      spec: {
        fields: [mapped('email'), mapped('title', { owner: 'latest' })],
        modifiedColumn: 'changed',
      },
      types: { changed: 'timestamp' },
    });
    lab.crm.edit(id, { title: 'Boss' });
    await lab.extract();
    await lab.setModel([{ ...ann, title: 'Chair', changed: at }]);
    await lab.run();
    expect(titled(lab, id)).toBe(winner);
    await lab.extract();
    expect((await lab.diff()).hasWork).toBe(false);
  });

  test('that comes back every time is called not held after a few tries', async () => {
    const { lab } = await settled();
    lab.crm.automate = (fields) => ({ ...fields, title: 'Mr' });
    await lab.setModel([{ ...ann, title: 'Chair' }]);
    let sent = 0;
    for (let round = 0; round < reassertMax + 3; round += 1) {
      sent += (await lab.run()).tally.updated;
      await lab.extract();
    }
    expect(sent).toBe(1 + reassertMax);
    expect((await lab.diff()).counts).toMatchObject({ not_held: 1, update: 0 });
  });

  test('of a field that is not mapped is no drift and costs no call', async () => {
    const { lab, id } = await settled();
    const writes = lab.crm.writes.length;
    lab.crm.edit(id, { phone: '1' });
    await lab.extract();
    expect(await lab.diff()).toMatchObject({ hasWork: false, counts: { verified: 1 } });
    await lab.run();
    expect(lab.crm.writes).toHaveLength(writes);
    expect((await lab.diff()).counts).toMatchObject({ verified: 0, unchanged: 1 });
  });

  test('that moves to the value the model moves to only moves state', async () => {
    const { lab, id } = await settled();
    lab.crm.edit(id, { title: 'Chair' });
    await lab.extract();
    await lab.setModel([{ ...ann, title: 'Chair' }]);
    expect((await lab.diff()).counts).toMatchObject({ noop: 1, update: 0 });
    await lab.run();
    lab.crm.edit(id, { title: 'Boss' });
    await lab.extract();
    expect(await lab.diff()).toMatchObject({ driftRows: 1, conflictRows: 0 });
  });
});

describe('a record deleted in the CRM', () => {
  test('is reported and left deleted', async () => {
    const { lab, id } = await settled();
    lab.crm.remove(id);
    await lab.extract();
    expect(await lab.diff()).toMatchObject({ hasWork: false, counts: { gone: 1 } });
  });

  test('is made again by a mirror', async () => {
    const { lab, id } = await settled({ spec: { behavior: 'mirror' } });
    lab.crm.remove(id);
    await lab.extract();
    expect((await lab.run()).tally.created).toBe(1);
    await lab.extract();
    expect((await lab.diff()).hasWork).toBe(false);
    expect(lab.crm.live()).toHaveLength(1);
  });

  test('and replaced there by another of the same key is linked anew', async () => {
    const { lab, id } = await settled();
    lab.crm.remove(id);
    const other = lab.crm.add({ ...ann, title: 'Boss' });
    await lab.extract();
    await lab.run();
    expect(titled(lab, other)).toBe('CEO');
    expect(lab.crm.live()).toHaveLength(1);
  });
});

describe('a mirror', () => {
  test('archives what left the model, and only what it knew', async () => {
    const { lab, id } = await settled({ spec: { behavior: 'mirror' } });
    const foreign = lab.crm.add({ email: 'eve@x.org', name: 'Eve' });
    await lab.extract();
    await lab.setModel([]);
    expect((await lab.run()).tally.archived).toBe(1);
    expect(lab.crm.live().map((record) => record.id)).toEqual([foreign]);
    expect((await lab.diff()).hasWork).toBe(false);
    await lab.extract();
    expect((await lab.diff()).hasWork).toBe(false);
    expect(lab.crm.records.get(id)?.isDeleted).toBe(true);
  });

  test('makes again a row that comes back before its archive was observed', async () => {
    const { lab } = await settled({ spec: { behavior: 'mirror' } });
    await lab.setModel([]);
    await lab.run();
    await lab.setModel([ann]);
    await lab.run();
    await lab.extract();
    expect(lab.crm.live()).toHaveLength(1);
    expect((await lab.diff()).hasWork).toBe(false);
  });

  test('keeps the record when its row only changed its key', async () => {
    const { lab, id } = await settled({ spec: { behavior: 'mirror' } });
    lab.crm.edit(id, { email: 'anna@x.org' });
    await lab.extract();
    await lab.setModel([{ ...ann, email: 'anna@x.org' }]);
    expect((await lab.run()).tally).toMatchObject({ archived: 0, created: 0 });
    expect(lab.crm.live()).toHaveLength(1);
  });
});

describe('other behaviors', () => {
  test('update_only reports what has no record and creates nothing', async () => {
    const { lab } = await settled({ spec: { behavior: 'update_only' } });
    await lab.setModel([{ ...ann, title: 'Chair' }, bob]);
    expect((await lab.run()).summary.counts).toMatchObject({ update: 1, unmatched: 1, create: 0 });
  });

  test('create_only leaves records alone, its own too', async () => {
    const { lab, id } = await settled({ spec: { behavior: 'create_only' } });
    await lab.setModel([{ ...ann, title: 'Chair' }, bob]);
    await lab.run();
    await lab.extract();
    await lab.setModel([ann, { ...bob, title: 'CIO' }]);
    expect((await lab.diff()).hasWork).toBe(false);
    expect(titled(lab, id)).toBe('CEO');
    expect(lab.crm.live()).toHaveLength(2);
  });

  test('append makes one record a key, whatever the CRM holds', async () => {
    const lab = await openLab({
      spec: { behavior: 'append' },
      fields: [crmField('email', 'email'), crmField('name'), crmField('title')],
    });
    lab.crm.add(ann);
    await lab.extract();
    await lab.setModel([ann]);
    await lab.run();
    await lab.run();
    await lab.extract();
    expect((await lab.diff()).hasWork).toBe(false);
    expect(lab.crm.live()).toHaveLength(2);
  });

  test('the CRM’s own id matches a row, in its short form too', async () => {
    const lab = await openLab({
      spec: {
        match: [{ field: 'Id', column: 'sf' }],
        fields: [mapped('title')],
        behavior: 'update_only',
      },
    });
    const id = lab.crm.add(ann);
    await lab.extract();
    await lab.setModel([
      { sf: id, title: 'Chair' },
      { sf: '999', title: 'Nobody' },
    ]);
    const { summary } = await lab.run();
    expect(summary.counts).toMatchObject({ update: 1, unmatched: 1 });
    expect(titled(lab, id)).toBe('Chair');
  });

  test('several fields together match a row, whatever signs are in them', async () => {
    const lab = await openLab({
      spec: {
        match: [
          { field: 'name', column: 'name' },
          { field: 'title', column: 'title' },
        ],
        fields: [mapped('email'), mapped('name'), mapped('title')],
      },
    });
    const id = lab.crm.add({ name: 'a|b', title: 'c', email: 'one@x.org' });
    await lab.extract();
    await lab.setModel([
      { name: 'a|b', title: 'c', email: 'two@x.org' },
      { name: 'a', title: 'b|c', email: 'three@x.org' },
    ]);
    expect((await lab.run()).tally).toMatchObject({ updated: 1, created: 1 });
    expect(lab.crm.records.get(id)?.fields['email']).toBe('two@x.org');
  });
});

describe('associations', () => {
  const associate = [{ object: 'companies', column: 'company' }];

  test('go with the create, and later changes of them on their own', async () => {
    const lab = await openLab({ spec: { associate } });
    await lab.extract();
    await lab.setModel([{ ...ann, company: '7' }]);
    await lab.run();
    expect(lab.crm.writes).toMatchObject([[{ associations: [{ to: 'companies', id: '7' }] }]]);
    expect((await lab.diff()).hasWork).toBe(false);
    await lab.setModel([{ ...ann, company: '8', title: 'Chair' }]);
    await lab.run();
    expect(lab.crm.writes.slice(1)).toMatchObject([
      [{ action: 'update', fields: { title: 'Chair' } }],
      [{ action: 'update', fields: {}, associations: [{ to: 'companies', id: '8' }] }],
    ]);
    await lab.extract();
    expect((await lab.diff()).hasWork).toBe(false);
  });
});

describe('appending to a field', () => {
  test('adds what is missing and keeps what is there', async () => {
    const lab = await openLab({
      fields: [crmField('email', 'email', { unique: true }), crmField('tags', 'multi_select')],
      spec: { fields: [mapped('email'), mapped('tags', { write: 'append' })] },
    });
    const id = lab.crm.add({ email: ann.email, tags: 'a;b' });
    await lab.extract();
    await lab.setModel([{ email: ann.email, tags: 'b;c' }]);
    await lab.run();
    expect((await lab.diff()).hasWork).toBe(false);
    await lab.extract();
    expect((await lab.diff()).hasWork).toBe(false);
    const tags = String(lab.crm.records.get(id)?.fields['tags']).split(';');
    expect(new Set(tags)).toEqual(new Set(['a', 'b', 'c']));
  });
});
