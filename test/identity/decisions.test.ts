import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openWorkbench, type Workbench } from '../materialize/workbench.ts';
import {
  build,
  createPeople,
  decide,
  put,
  readAll,
  readClusters,
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

describe('decisions', () => {
  const chain = ['1', '2', '3', '4'].map((id, index) => ({
    system: 'sf',
    id,
    made: index,
    email: index < 2 ? 'a@x.org' : 'b@x.org',
    ...(id === '3' ? { merged: '2' } : {}),
  }));

  test('"same" joins what no rule does, "different" cuts what a rule joins', async () => {
    await put(bench, ...chain.slice(0, 2), { system: 'hs', id: '9' });
    await decide(
      bench,
      { left: 'sf:2', right: 'sf:1', decision: 'different', why: 'brothers' },
      { left: 'hs:9', right: 'sf:2', decision: 'Same', why: 'called her' },
    );
    await build(bench);
    expect(await readClusters(bench)).toEqual(['hs:9 sf:2', 'sf:1']);
    const decided = await bench.rows(
      `select rule, evidence, outcome from mart.thing_matches
       where rule in ('same', 'different') order by rule`,
    );
    expect(decided).toEqual([
      { rule: 'different', evidence: 'brothers', outcome: 'apart' },
      { rule: 'same', evidence: 'called her', outcome: 'joins' },
    ]);
  });

  test('"different" cuts the weakest match on the way, and asks a person to look at the cut', async () => {
    // 1 -email- 2 -merge- 3 -email- 4
    await put(bench, ...chain);
    await decide(bench, { left: 'sf:1', right: 'sf:3', decision: 'different' });
    await build(bench);
    expect(await readClusters(bench)).toEqual(['sf:1', 'sf:2 sf:3 sf:4']);
    expect(
      await bench.rows('select left_record, right_record, reason, rule from mart.thing_review'),
    ).toEqual([{ left_record: 'sf:1', right_record: 'sf:2', reason: 'cut', rule: 'email' }]);
    expect(await bench.rows('select distinct component from mart.thing')).toHaveLength(1);
  });

  test('a chain of people saying "same" does not outweigh one saying "different"', async () => {
    await put(
      bench,
      { system: 'sf', id: '1' },
      { system: 'sf', id: '2' },
      { system: 'sf', id: '3' },
    );
    await decide(
      bench,
      { left: 'sf:1', right: 'sf:2', decision: 'same' },
      { left: 'sf:2', right: 'sf:3', decision: 'same' },
      { left: 'sf:3', right: 'sf:1', decision: 'different' },
    );
    await build(bench);
    expect(await readClusters(bench)).toEqual(['sf:1 sf:2', 'sf:3']);
    expect(await bench.rows('select reason, rule from mart.thing_review')).toEqual([
      { reason: 'cut', rule: 'same' },
    ]);
  });

  test('the newest of a pair counts, whichever way round it is written', async () => {
    await put(bench, ...chain.slice(0, 2));
    await decide(
      bench,
      { left: 'sf:1', right: 'sf:2', decision: 'different', at: 1 },
      { left: 'sf:2', right: 'sf:1', decision: 'same', at: 2 },
    );
    await build(bench);
    expect(await readClusters(bench)).toEqual(['sf:1 sf:2']);
    await decide(bench, { left: 'sf:2', right: 'sf:1', decision: 'different', at: 3 });
    expect(await build(bench)).toMatchObject({ action: 'merged' });
    expect(await readClusters(bench)).toEqual(['sf:1', 'sf:2']);
  });

  test('hold for records that leave and come back, and take a pair out of review', async () => {
    const names = { name: 'jonathan smith', firm: 'a' };
    await put(
      bench,
      { system: 'sf', id: '1', ...names },
      { system: 'hs', id: '2', ...names, name: 'jonatan schmidt' },
    );
    await build(bench);
    expect(await bench.rows('select * from mart.thing_review')).toHaveLength(1);
    await decide(bench, { left: 'sf:1', right: 'hs:2', decision: 'same' });
    await build(bench);
    expect(await bench.rows('select * from mart.thing_review')).toEqual([]);
    await remove(bench, 'hs:2');
    await build(bench);
    await put(bench, { system: 'hs', id: '2' });
    await build(bench);
    expect(await readClusters(bench)).toEqual(['hs:2 sf:1']);
  });

  test.each(['sf:1', 'hs:2'])(
    'a pair under review is told with the ids of now, when only the cluster of %s changed',
    async (changed) => {
      const [system = '', id = ''] = changed.split(':');
      const firm = 'a';
      const people = [
        { system: 'sf', id: '1', made: 2, name: 'jonathan smith', firm, email: '1@x.org' },
        { system: 'hs', id: '2', made: 2, name: 'jonatan schmidt', firm, email: '2@x.org' },
      ];
      await put(bench, ...people, { system: 'sf', id: '9', made: 1, email: 'elder@x.org' });
      await build(bench);
      const email = people.find((one) => one.system === system && one.id === id)?.email ?? '';
      await put(bench, { system: 'sf', id: '9', made: 1, email });
      await build(bench);
      const ids = await readIds(bench);
      expect(ids[changed]).toBe(ids['sf:9']);
      expect(
        await bench.rows(
          'select left_record, right_record, left_id, right_id from mart.thing_review',
        ),
      ).toEqual([
        { left_record: 'hs:2', right_record: 'sf:1', left_id: ids['hs:2'], right_id: ids['sf:1'] },
      ]);
    },
  );

  test('that say neither, or name no two records, stop the build with their number', async () => {
    await put(bench, ...chain);
    await build(bench);
    const before = await readAll(bench, true);
    await decide(
      bench,
      { left: 'sf:1', right: 'sf:2', decision: 'perhaps' },
      { left: 'sf:1', right: 'sf:1', decision: 'different' },
    );
    await expect(build(bench)).rejects.toMatchObject({
      code: 'identity-decisions',
      message: 'mart.decisions: 2 decisions are neither same nor different, or name no two records',
    });
    expect(await readAll(bench, true)).toEqual(before);
  });

  describe('in a table of texts', () => {
    const write = (...rows: readonly (readonly [string, string, string, string])[]) =>
      bench.run(
        'drop table mart.decisions',
        `create table mart.decisions
           (left_record varchar, right_record varchar, decision varchar, decided_at varchar)`,
        ...rows.map((row) => `insert into mart.decisions values (${row.map((one) => `'${one}'`)})`),
      );

    test('count with the blanks that a person wrote behind the commas', async () => {
      await put(bench, ...chain.slice(0, 2), { system: 'hs', id: '9' });
      await write([' sf:1', 'sf:2 ', ' different', ' '], ['hs:9', ' sf:2', 'Same ', '2026-01-01']);
      await build(bench);
      expect(await readClusters(bench)).toEqual(['hs:9 sf:2', 'sf:1']);
    });

    test.each([
      ['a month of one digit', '2026-9-30', '2026-10-01'],
      ['another offset', '2026-03-01T23:30:00-08:00', '2026-03-02T08:00:00+00:00'],
      ['a day and an instant', '2026-03-01', '2026-03-01T09:00:00.000Z'],
    ])('are taken by their time and not as texts: %s', async (_, earlier, later) => {
      await put(bench, ...chain.slice(0, 2));
      for (const [first, second] of [
        ['same', 'different'],
        ['different', 'same'],
      ] as const) {
        await write(['sf:1', 'sf:2', second, later], ['sf:2', 'sf:1', first, earlier]);
        await build(bench);
        expect(await readClusters(bench)).toHaveLength(second === 'same' ? 1 : 2);
      }
    });

    test('stop the build where what dates them is no time', async () => {
      await put(bench, ...chain);
      await write(['sf:1', 'sf:2', 'same', '31/01/2026'], ['sf:1', 'sf:3', 'same', '2026-01-01']);
      await expect(build(bench)).rejects.toMatchObject({
        code: 'identity-decisions',
        message:
          'mart.decisions: the decided_at of 1 decision is no time, and the newest one counts',
      });
    });
  });
});
