import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkOf, openWorkbench, type Workbench } from '../materialize/workbench.ts';
import {
  build,
  createPeople,
  peopleConfig,
  peopleNode,
  put,
  readAll,
  readClusters,
  readEvents,
  readIds,
  remove,
} from './identity-bench.ts';

let bench: Workbench;
beforeEach(async () => {
  bench = await openWorkbench();
  await createPeople(bench);
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

const matchesOf = () =>
  bench.rows(
    `select left_record, right_record, rule, round(score, 2) as score, evidence, outcome
     from mart.thing_matches order by all`,
  );

describe('rules', () => {
  test('an exact rule joins equal keys and keeps what was equal as evidence', async () => {
    await put(
      bench,
      { system: 'sf', id: '1', email: 'Ada@x.org' },
      { system: 'hs', id: '2', email: 'ada@x.org' },
      { system: 'hs', id: '3', email: null },
      { system: 'hs', id: '4', email: '' },
      { system: 'hs', id: '5', email: '' },
      { system: 'hs', id: '6', email: '  ' },
      { system: 'hs', id: '7', email: '  ' },
    );
    expect(await build(bench)).toMatchObject({ action: 'created', rows: 7, warnings: [] });
    const alone = ['hs:3', 'hs:4', 'hs:5', 'hs:6', 'hs:7'];
    expect(await readClusters(bench)).toEqual(['hs:2 sf:1', ...alone]);
    expect(await matchesOf()).toEqual([
      {
        left_record: 'hs:2',
        right_record: 'sf:1',
        rule: 'email',
        score: 0.95,
        evidence: 'ada@x.org',
        outcome: 'joins',
      },
    ]);
  });

  test('a key of several parts matches where all of them are there and equal', async () => {
    await put(
      bench,
      { system: 'sf', id: '1', phone: '1', firm: 'a' },
      { system: 'hs', id: '2', phone: '1', firm: 'a' },
      { system: 'hs', id: '3', phone: '1', firm: null },
      { system: 'sf', id: '4', phone: '1', firm: null },
    );
    await build(bench);
    expect(await readClusters(bench)).toEqual(['hs:2 sf:1', 'hs:3', 'sf:4']);
    expect((await matchesOf())[0]?.['evidence']).toBe('1 / a');
  });

  test('a rule across systems never matches two records of one', async () => {
    await put(
      bench,
      { system: 'sf', id: '1', phone: '1', firm: 'a' },
      { system: 'sf', id: '2', phone: '1', firm: 'a' },
    );
    await build(bench);
    expect(await readClusters(bench)).toEqual(['sf:1', 'sf:2']);
  });

  test('records name others by id: of another system, of their own, several at once', async () => {
    await put(
      bench,
      { system: 'sf', id: '1' },
      { system: 'hs', id: '2', twin: '1' },
      { system: 'hs', id: '3', merged: '4; 5;99' },
      { system: 'hs', id: '4' },
      { system: 'hs', id: '5', twin: 'nobody', merged: '5' },
    );
    await build(bench);
    expect(await readClusters(bench)).toEqual(['hs:2 sf:1', 'hs:3 hs:4 hs:5']);
    expect((await matchesOf()).map(({ evidence }) => evidence)).toEqual([
      'hs:2 names sf:1',
      'hs:3 names hs:4',
      'hs:3 names hs:5',
    ]);
  });

  test('alike names of one block join from the threshold, and are reviewed below it', async () => {
    await put(
      bench,
      { system: 'sf', id: '1', name: 'jonathan smith', firm: 'a' },
      { system: 'hs', id: '2', name: 'jonathan smyth', firm: 'a' },
      { system: 'hs', id: '3', name: 'jonatan schmidt', firm: 'a' },
      { system: 'hs', id: '4', name: 'jonathan smith', firm: 'b' },
    );
    await build(bench);
    expect(await readClusters(bench)).toEqual(['hs:2 sf:1', 'hs:3', 'hs:4']);
    const review = await bench.rows(
      'select left_record, right_record, reason, rule, evidence from mart.thing_review order by 2, 1',
    );
    expect(review).toEqual([
      {
        left_record: 'hs:2',
        right_record: 'hs:3',
        reason: 'doubtful',
        rule: 'similar_name',
        evidence: 'jonathan smyth ~ jonatan schmidt (a)',
      },
      {
        left_record: 'hs:3',
        right_record: 'sf:1',
        reason: 'doubtful',
        rule: 'similar_name',
        evidence: 'jonatan schmidt ~ jonathan smith (a)',
      },
    ]);
  });

  test('a pair that must agree and does not is no match; where one says nothing it is', async () => {
    const firm = 'a';
    await put(
      bench,
      { system: 'sf', id: '1', name: 'ann lee', firm, phone: '1' },
      { system: 'sf', id: '2', name: 'ann lee', firm, phone: '2' },
      { system: 'hs', id: '3', name: 'bob ray', firm, phone: '1' },
      { system: 'hs', id: '4', name: 'bob ray', firm },
    );
    await build(bench);
    expect(await readClusters(bench)).toEqual(['hs:3 hs:4 sf:1', 'sf:2']);
  });

  test('a block that is too large matches nothing and is told, until it is small enough', async () => {
    const people = Array.from({ length: 7 }, (_, index) => ({
      system: 'hs',
      id: `${index}`,
      email: 'info@x.org',
    }));
    await put(bench, ...people);
    const { warnings } = await build(bench);
    expect(warnings).toEqual([
      '1 block larger than max_block matched nothing: see mart.thing_oversize',
    ]);
    expect(await bench.rows('select * from mart.thing_oversize')).toEqual([
      { rule: 'email', block: 'info@x.org', records: 7 },
    ]);
    expect(await readClusters(bench)).toHaveLength(7);
    await remove(bench, 'hs:6');
    expect(await build(bench)).toMatchObject({ action: 'merged', warnings: [] });
    expect(await readClusters(bench)).toHaveLength(1);
    await put(bench, ...people);
    expect((await build(bench)).warnings).toHaveLength(1);
    expect(await readClusters(bench)).toHaveLength(7);
  });
});

describe('ids', () => {
  const ada = { system: 'sf', id: '1', made: 1, email: 'ada@x.org' };
  const twin = { system: 'hs', id: '2', made: 2, email: 'ada@x.org' };

  test('come from the eldest record and stay when a cluster grows, even by an elder one', async () => {
    await put(bench, ada);
    await build(bench);
    const { 'sf:1': id } = await readIds(bench);
    expect(id).toMatch(/^per_[0-9a-f]{16}$/);
    await put(bench, twin, { ...twin, id: '3', made: 0 });
    await build(bench);
    expect(new Set(Object.values(await readIds(bench)))).toEqual(new Set([id]));
    expect(await readEvents(bench)).toEqual([
      { event: 'grew', from_id: id, to_id: id, records: 2 },
    ]);
  });

  test('of merged clusters the elder one survives, the other resolves to it and comes back after a split', async () => {
    await put(bench, ada, { ...twin, email: 'other@x.org' });
    await build(bench);
    const before = await readIds(bench);
    await put(bench, twin);
    await build(bench);
    expect(new Set(Object.values(await readIds(bench)))).toEqual(new Set([before['sf:1']]));
    const resolve = `select canonical_id, current_id from mart.thing_ids order by founder desc`;
    expect(await bench.rows(resolve)).toEqual([
      { canonical_id: before['sf:1'], current_id: before['sf:1'] },
      { canonical_id: before['hs:2'], current_id: before['sf:1'] },
    ]);
    await put(bench, { ...twin, email: 'other@x.org' });
    await build(bench);
    expect(await readIds(bench)).toEqual(before);
    expect(await readEvents(bench)).toEqual([
      { event: 'merged', from_id: before['hs:2'], to_id: before['sf:1'], records: 1 },
      { event: 'moved', from_id: before['sf:1'], to_id: before['hs:2'], records: 1 },
    ]);
  });

  test('a part that leaves gets an id of its own, and the founder keeps his', async () => {
    await put(bench, ada, twin, { ...twin, id: '3', made: 3 });
    await build(bench);
    const before = await readIds(bench);
    await put(
      bench,
      { ...twin, email: 'b@x.org' },
      { ...twin, id: '3', made: 3, email: 'b@x.org' },
    );
    await build(bench);
    const after = await readIds(bench);
    expect(after['sf:1']).toBe(before['sf:1']);
    expect(after['hs:2']).toBe(after['hs:3']);
    expect(after['hs:2']).not.toBe(before['hs:2']);
    expect(await readEvents(bench)).toEqual([
      { event: 'split', from_id: before['sf:1'], to_id: after['hs:2'], records: 2 },
    ]);
  });

  test('outlive their founder, and a founder who comes back founds anew', async () => {
    await put(bench, ada, twin);
    await build(bench);
    const { 'sf:1': id } = await readIds(bench);
    await remove(bench, 'sf:1');
    await build(bench);
    expect(await readIds(bench)).toEqual({ 'hs:2': id });
    await put(bench, { ...ada, email: 'new@x.org' });
    await build(bench);
    const after = await readIds(bench);
    expect(after['hs:2']).toBe(id);
    expect(after['sf:1']).not.toBe(id);
    await remove(bench, 'sf:1', 'hs:2');
    await build(bench);
    const left = await bench.rows('select distinct current_id from mart.thing_ids');
    expect(left).toEqual([{ current_id: null }]);
    await put(bench, twin);
    await build(bench);
    expect(await readIds(bench)).toEqual({ 'hs:2': id });
  });

  test('are the same in a warehouse that begins today', async () => {
    await put(bench, ada, { ...twin, email: 'other@x.org' });
    await build(bench);
    await put(bench, twin);
    await build(bench);
    const ids = await readIds(bench);
    for (const name of ['thing', 'thing_ids', 'thing_events'])
      await bench.run(`drop table mart.${name}`);
    await build(bench);
    expect(await readIds(bench)).toEqual(ids);
  });

  test('survive a full refresh and a change of rules', async () => {
    await put(bench, ada, { ...twin, made: 0 });
    await build(
      bench,
      {},
      peopleNode({ rules: peopleConfig.rules.slice(3) }, { fingerprint: 'f0' }),
    );
    const before = await readIds(bench);
    expect(before['sf:1']).not.toBe(before['hs:2']);
    await build(bench);
    const id = before['hs:2'];
    expect(await readIds(bench)).toEqual({ 'sf:1': id, 'hs:2': id });
    expect(await build(bench, { fullRefresh: true })).toMatchObject({ action: 'replaced' });
    expect(await readIds(bench)).toEqual({ 'sf:1': id, 'hs:2': id });
    expect((await readEvents(bench)).map(({ event }) => event)).toEqual(['merged']);
  });

  test('one record of each system speaks for it: a live one before a deleted one, the eldest first', async () => {
    await put(
      bench,
      { ...twin, id: '1', made: 1, gone: true },
      { ...twin, id: '2', made: 3 },
      { ...twin, id: '3', made: 2 },
      ada,
    );
    await build(bench);
    const primary = 'select record from mart.thing where is_primary order by record';
    expect(await bench.rows(primary)).toEqual([{ record: 'hs:3' }, { record: 'sf:1' }]);
  });
});

describe('a build', () => {
  const ada = { system: 'sf', id: '1', made: 1, email: 'ada@x.org' };

  test('of unchanged records changes nothing, and what readers compare stays', async () => {
    await put(bench, ada);
    const first = await build(bench);
    const again = await build(bench);
    expect(again).toMatchObject({ action: 'unchanged', rows: 0 });
    expect(again.dataVersion).toBe(first.dataVersion);
    await put(bench, { ...ada, email: 'b@x.org' });
    expect(await build(bench)).toMatchObject({ dataVersion: first.dataVersion });
  });

  test('writes the rows of clusters that changed and no others', async () => {
    const people = Array.from({ length: 200 }, (_, index) => ({
      ...ada,
      id: `${index}`,
      email: `${index % 100}@x.org`,
    }));
    await put(bench, ...people);
    expect(await build(bench)).toMatchObject({ rows: 200 });
    await put(bench, { ...ada, id: '7', email: '8@x.org' });
    expect(await build(bench)).toMatchObject({ action: 'merged', rows: 1 });
  });

  test('that a check withholds leaves every table as it was', async () => {
    await put(bench, ada);
    await build(bench);
    const before = await readAll(bench, true);
    await put(bench, { ...ada, id: '2' });
    const checks = [checkOf("record = 'sf:2'")];
    const node = peopleNode({}, { checks });
    expect(await build(bench, {}, node)).toMatchObject({ action: 'withheld' });
    expect(await readAll(bench, true)).toEqual(before);
    expect(await build(bench, { fullRefresh: true }, node)).toMatchObject({ action: 'withheld' });
    expect(await readAll(bench, true)).toEqual(before);
  });

  test.each([
    ['one without a name', "('sf', null)", '1 record without a value in (system, id)'],
    ['one that is there already', "('sf', '1')", '1 value of (system, id) on more than one record'],
    [
      'two new ones of a name',
      "('sf', '2'), ('sf', '2')",
      '1 value of (system, id) on more than one record',
    ],
  ])('refuses %s, with their number, and leaves what stood', async (_, values, message) => {
    await put(bench, { system: 'sf', id: '1' }, { system: 'sf', id: '9' });
    await build(bench);
    const before = await readAll(bench, true);
    await remove(bench, 'sf:9');
    await bench.run(
      `insert into people (system, id) values ${values}`,
      'update people set gone = false',
    );
    for (const fullRefresh of [false, true]) {
      await expect(build(bench, { fullRefresh })).rejects.toMatchObject({
        code: 'identity-records',
        message: expect.stringContaining(message),
      });
    }
    expect(await readAll(bench, true)).toEqual(before);
  });
});
