import { describe, expect, test } from 'vitest';
import { mapped, openLab } from './lab.ts';

const ann = { email: 'ann@x.org', name: 'Ann', title: 'CEO' };
const bob = { email: 'bob@x.org', name: 'Bob', title: 'CTO' };

describe('a sync', () => {
  test('creates what is missing, updates what differs, and is done', async () => {
    const lab = await openLab();
    const id = lab.crm.add({ email: 'Ann@X.org', name: 'Ann', title: 'Clerk' });
    await lab.extract();
    await lab.setModel([ann, bob]);

    expect((await lab.diff()).counts).toMatchObject({ create: 1, update: 1, unchanged: 0 });
    const { tally, planId } = await lab.run();
    expect(tally).toMatchObject({ created: 1, updated: 1, rejected: 0 });
    expect(lab.crm.records.get(id)?.fields).toEqual({
      email: 'Ann@X.org',
      name: 'Ann',
      title: 'CEO',
    });
    expect(await lab.plan(planId)).toMatchObject([
      { key: 'ann@x.org', action: 'update', field: 'title', before_crm: 'Clerk', after: 'CEO' },
      { key: 'bob@x.org', action: 'create', field: 'email', after: 'bob@x.org' },
      { key: 'bob@x.org', action: 'create', field: 'name' },
      { key: 'bob@x.org', action: 'create', field: 'title' },
    ]);

    expect(await lab.diff()).toMatchObject({ hasWork: false, counts: { unchanged: 2 } });
    await lab.extract();
    expect(await lab.diff()).toMatchObject({ hasWork: false, counts: { unchanged: 2 } });
    expect(lab.crm.live()).toHaveLength(2);
    expect(lab.crm.finds).toEqual([]);
  });

  test('gives a new record its key, and never touches the key of one that is there', async () => {
    const lab = await openLab({ spec: { fields: [mapped('title')] } });
    const id = lab.crm.add({ email: 'ANN@x.org', title: 'Clerk' });
    await lab.extract();
    await lab.setModel([ann, bob]);
    await lab.run();
    expect(lab.crm.writes.flat().map(({ fields }) => fields)).toEqual([
      { email: 'bob@x.org', title: 'CTO' },
      { title: 'CEO' },
    ]);
    lab.crm.edit(id, { email: 'Ann@X.org' });
    await lab.extract();
    expect((await lab.diff()).hasWork).toBe(false);
  });

  test('sends only the fields that changed', async () => {
    const lab = await openLab();
    await lab.extract();
    await lab.setModel([ann]);
    await lab.run();
    await lab.setModel([{ ...ann, title: 'Chair' }]);
    await lab.run();
    expect(lab.crm.writes.at(-1)).toEqual([
      { key: 'ann@x.org', action: 'update', id: '101', fields: { title: 'Chair' } },
    ]);
  });

  test('follows the model while its own write is not yet observed', async () => {
    const lab = await openLab();
    const id = lab.crm.add(ann);
    await lab.extract();
    await lab.setModel([{ ...ann, title: 'Chair' }]);
    await lab.run();
    await lab.setModel([ann]);
    expect((await lab.diff()).counts.update).toBe(1);
    await lab.run();
    expect(lab.crm.records.get(id)?.fields['title']).toBe('CEO');
    await lab.extract();
    expect((await lab.diff()).hasWork).toBe(false);
  });

  test('leaves fields of the CRM alone where only they are filled', async () => {
    const lab = await openLab({
      spec: { fields: [mapped('email'), mapped('title', { write: 'if_empty' })] },
    });
    const full = lab.crm.add({ email: ann.email, title: 'Clerk' });
    const empty = lab.crm.add({ email: bob.email, title: '' });
    await lab.extract();
    await lab.setModel([ann, bob]);
    await lab.run();
    expect(lab.crm.records.get(full)?.fields['title']).toBe('Clerk');
    expect(lab.crm.records.get(empty)?.fields['title']).toBe('CTO');
    await lab.extract();
    expect((await lab.diff()).hasWork).toBe(false);
  });
});
