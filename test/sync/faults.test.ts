import { describe, expect, test } from 'vitest';
import { crmField, mapped, openLab } from './lab.ts';

const ann = { email: 'ann@x.org', name: 'Ann', title: 'CEO' };
const bob = { email: 'bob@x.org', name: 'Bob', title: 'CTO' };

describe('a push whose reply was lost', () => {
  test('is found by its key and not sent again', async () => {
    const lab = await openLab();
    await lab.extract();
    await lab.setModel([ann, bob]);
    lab.crm.fault = ({ key }) => (key === 'ann@x.org' ? 'lost' : undefined);
    const { tally, inDoubt } = await lab.run();
    expect(tally).toMatchObject({ created: 1, in_doubt: 1 });
    expect(inDoubt).toBe(0);
    await lab.run();
    await lab.extract();
    expect((await lab.diff()).hasWork).toBe(false);
    expect(lab.crm.live()).toHaveLength(2);
  });

  test('goes again when it never arrived', async () => {
    const lab = await openLab();
    await lab.extract();
    await lab.setModel([ann]);
    lab.crm.fault = () => 'dropped';
    await lab.run();
    lab.crm.fault = () => undefined;
    expect((await lab.run()).tally.created).toBe(1);
    expect(lab.crm.live()).toHaveLength(1);
  });

  test('of a key the CRM does not keep unique is believed absent only after a while', async () => {
    const lab = await openLab({ fields: [crmField('email', 'email'), crmField('name')] });
    Object.assign(lab.spec, { fields: [mapped('email'), mapped('name')] });
    await lab.extract();
    await lab.setModel([ann]);
    lab.crm.fault = () => 'dropped';
    expect((await lab.run()).inDoubt).toBe(1);
    expect((await lab.diff()).counts.locked).toBe(1);
    lab.crm.fault = () => undefined;
    const before = lab.clock.now();
    expect((await lab.run()).tally.created).toBe(1);
    expect(lab.clock.now() - before).toBeGreaterThan(9_000);
  });

  test('of an update is settled by reading the record', async () => {
    const lab = await openLab();
    lab.crm.add({ ...ann, title: 'Clerk' });
    await lab.extract();
    await lab.setModel([ann]);
    lab.crm.fault = () => 'lost';
    expect((await lab.run()).inDoubt).toBe(0);
    expect((await lab.diff()).hasWork).toBe(false);
  });
});

describe('a killed run', () => {
  for (const moment of ['before', 'after'] as const) {
    test(`is resumed without a second record when it died ${moment} the CRM applied it`, async () => {
      const lab = await openLab({ groupMax: 1 });
      await lab.extract();
      await lab.setModel([ann, bob]);
      const settle = lab.ledger.settle;
      // The process ends: nothing after this moment is recorded.
      lab.crm.onWrite = (at) => {
        if (at !== moment) return;
        Object.assign(lab.ledger, {
          settle: () => {
            throw new Error('killed');
          },
        });
        throw new Error('killed');
      };
      await expect(lab.run()).rejects.toThrow('killed');
      expect(settle).toBeDefined();
      lab.crm.onWrite = () => undefined;
      lab.reopen();
      await lab.run();
      await lab.extract();
      expect((await lab.diff()).hasWork).toBe(false);
      expect(lab.crm.live()).toHaveLength(2);
    });
  }
});

describe('answers of the CRM', () => {
  test('a refused row is not sent again until it changes', async () => {
    const lab = await openLab();
    await lab.extract();
    await lab.setModel([ann, bob]);
    lab.crm.fault = ({ key }) => (key === 'bob@x.org' ? 'rejected' : undefined);
    expect((await lab.run()).tally).toMatchObject({ created: 1, rejected: 1 });
    lab.crm.fault = () => undefined;
    const again = await lab.run();
    expect(again.summary.counts.rejected).toBe(1);
    expect(again.summary.hasWork).toBe(false);
    await lab.setModel([ann, { ...bob, title: 'CIO' }]);
    expect((await lab.run()).tally.created).toBe(1);
  });

  test('a deferred group ends the sync cleanly and goes first next time', async () => {
    const lab = await openLab({ groupMax: 1 });
    await lab.extract();
    await lab.setModel([ann, bob]);
    let left = 1;
    lab.crm.fault = () => {
      left -= 1;
      return left < 0 ? 'deferred' : undefined;
    };
    expect((await lab.run()).tally).toMatchObject({ created: 1, deferred: 1 });
    lab.crm.fault = () => undefined;
    expect((await lab.run()).tally).toMatchObject({ created: 1, deferred: 0 });
    expect(lab.crm.live()).toHaveLength(2);
  });
});

describe('limits', () => {
  test('stop everything before the first call, and the plan still shows it', async () => {
    const lab = await openLab({
      spec: { limits: { create: { count: 1 }, update: { percent: 50 }, archive: { count: 0 } } },
    });
    await lab.extract();
    await lab.setModel([ann, bob]);
    const summary = await lab.diff();
    expect(summary.stop).toContain('create 2 rows where 1 are allowed');
    expect(summary.counts.create).toBe(2);
    await expect(lab.run()).rejects.toMatchObject({ code: 'limit-exceeded' });
    expect(lab.crm.writes).toEqual([]);
  });
});

test('two syncs of one key make one record, also when neither has seen it yet', async () => {
  const lab = await openLab({ fields: [crmField('email', 'email'), crmField('name')] });
  Object.assign(lab.spec, { fields: [mapped('name')] });
  await lab.extract();
  await lab.setModel([ann]);
  await lab.run();
  Object.assign(lab.spec, { name: `${lab.spec.name}_too` });
  expect((await lab.run()).summary.counts).toMatchObject({ create: 0, locked: 1 });
  await lab.extract();
  await lab.run();
  await lab.extract();
  expect((await lab.diff()).hasWork).toBe(false);
  expect(lab.crm.live()).toHaveLength(1);
});

test('a write that needs a person ends in the error, keeps its answers and leaves nothing in doubt', async () => {
  const lab = await openLab();
  await lab.extract();
  await lab.setModel([ann, bob]);
  lab.crm.fault = ({ key }) => (key === 'bob@x.org' ? 'forbidden' : undefined);
  await expect(lab.run()).rejects.toMatchObject({ code: 'permission-missing' });
  expect(lab.crm.live()).toHaveLength(1);
  lab.crm.fault = () => undefined;
  const { tally, inDoubt } = await lab.run();
  expect({ ...tally, inDoubt }).toMatchObject({ created: 1, inDoubt: 0 });
  expect(lab.crm.live()).toHaveLength(2);
  await lab.extract();
  expect((await lab.diff()).hasWork).toBe(false);
});
