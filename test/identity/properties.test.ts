import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openWorkbench, type Workbench } from '../materialize/workbench.ts';
import { type Deed, deed, perform } from './deeds.ts';
import { build, createPeople, peopleNode, readAll, readPartition } from './identity-bench.ts';

const runs = Number(process.env['IDENTITY_RUNS'] ?? 4);
async function restart(bench: Workbench): Promise<void> {
  await bench.run('drop table if exists people', 'drop schema if exists mart cascade');
  await createPeople(bench);
}

const scratch = peopleNode(
  {},
  {
    id: 'model.test.scratch',
    relation: { schema: 'mart', name: 'scratch' },
  },
);

/** Built as if nothing had ever stood there. */
async function buildFromScratch(bench: Workbench): Promise<void> {
  for (const name of ['scratch', 'scratch_ids', 'scratch_events']) {
    await bench.run(`drop table if exists mart.${name}`);
  }
  await build(bench, { fullRefresh: true }, scratch);
}

/** `different` holds, clusters hang together by matches, and nothing was cut without need. */
async function checkClusters(bench: Workbench): Promise<void> {
  const apart = await bench.rows(`
    select * from mart.thing_matches as m
    inner join mart.thing as l on l.record = m.left_record
    inner join mart.thing as r on r.record = m.right_record
    where m.rule = 'different' and l.person_id = r.person_id`);
  expect(apart).toEqual([]);
  const loose = await bench.rows(`
    with recursive reached as (
      select person_id, min(record) as record from mart.thing group by person_id
      union
      select reached.person_id, other.record
      from reached
      inner join mart.thing_matches as m
        on m.outcome = 'joins' and reached.record in (m.left_record, m.right_record)
      inner join mart.thing as other
        on other.record in (m.left_record, m.right_record) and other.person_id = reached.person_id
    )
    select record from mart.thing
    where record not in (select record from reached)`);
  expect(loose).toEqual([]);
  const needless = await bench.rows(`
    select distinct l.person_id as one, r.person_id as other
    from mart.thing_matches as m
    inner join mart.thing as l on l.record = m.left_record
    inner join mart.thing as r on r.record = m.right_record
    where m.outcome = 'joins' and l.person_id <> r.person_id
      and not exists (
        select 1 from mart.thing_matches as d
        inner join mart.thing as dl on dl.record = d.left_record
        inner join mart.thing as dr on dr.record = d.right_record
        where d.rule = 'different'
          and least(dl.person_id, dr.person_id) = least(l.person_id, r.person_id)
          and greatest(dl.person_id, dr.person_id) = greatest(l.person_id, r.person_id))`);
  expect(needless).toEqual([]);
}

/** Every id resolves: to the id its founder has, which is one that is borne. */
async function checkIds(bench: Workbench): Promise<void> {
  const lost = await bench.rows(`
    select * from mart.thing_ids as ids
    left join mart.thing as thing on thing.record = ids.founder
    where ids.current_id is distinct from thing.person_id`);
  expect(lost).toEqual([]);
  const doubled = await bench.rows(`
    select canonical_id from mart.thing_ids group by 1 having count(*) > 1
    union all
    select person_id from mart.thing
    where person_id not in (select canonical_id from mart.thing_ids where canonical_id = current_id)`);
  expect(doubled).toEqual([]);
}

const limits = { numRuns: runs, endOnFailure: true };
const batches = fc.array(fc.array(deed, { minLength: 2, maxLength: 12 }), {
  minLength: 2,
  maxLength: 4,
});

test('after any edits, deletes, merges, restores and decisions an increment is what a full build makes', async () => {
  await using bench = await openWorkbench();
  await fc.assert(
    fc.asyncProperty(batches, async (history) => {
      await restart(bench);
      for (const deeds of history) {
        await perform(bench, deeds);
        await build(bench);
        await checkClusters(bench);
        await checkIds(bench);
      }
      const built = await readAll(bench, true);
      await build(bench, { fullRefresh: true });
      expect(await readAll(bench, true)).toEqual(built);
      await buildFromScratch(bench);
      expect(await readPartition(bench, 'scratch')).toEqual(await readPartition(bench, 'thing'));
    }),
    limits,
  );
});

test('the same deeds in another order and other batches give the same matches and clusters', async () => {
  await using bench = await openWorkbench();
  // One deed a record and pair: of two on the same the later one counts, and should.
  const keyOf = (one: Deed): string => {
    if (one.kind === 'put') return `${one.person.system}:${one.person.id}`;
    if (one.kind === 'remove') return one.record;
    return [one.decision.left, one.decision.right].toSorted().join(' ');
  };
  const deeds = fc.uniqueArray(deed, { selector: keyOf, minLength: 8, maxLength: 20 });
  const orders = fc.tuple(
    deeds,
    fc.array(fc.integer({ min: 0, max: 999 }), { minLength: 20, maxLength: 20 }),
    fc.integer({ min: 2, max: 9 }),
  );
  await fc.assert(
    fc.asyncProperty(orders, async ([all, dice, size]) => {
      const shuffled = all
        .map((one, index) => [one, dice[index] ?? 0] as const)
        .toSorted(([, left], [, right]) => left - right)
        .map(([one]) => one);
      const outcomes = [];
      for (const order of [all, shuffled]) {
        await restart(bench);
        const step = order === all ? order.length : size;
        for (let at = 0; at < order.length; at += step) {
          await perform(bench, order.slice(at, at + step));
          await build(bench);
        }
        outcomes.push(await readPartition(bench, 'thing'));
      }
      expect(outcomes[1]).toEqual(outcomes[0]);
    }),
    limits,
  );
});
